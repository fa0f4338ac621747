import { arrows, rooms, type Layer } from './rooms.ts';
import { folderOf, layerOf } from './policies.ts';

const layers: readonly Layer[] = [
	'boot',
	'api',
	'features',
	'core',
	'platform',
	'engine',
	'routes',
	'client',
	'sandbox',
	'kernel'
];

/** The house as Markdown, made from rooms.ts: a drawing of the layers, then a table of the rooms. */
export function drawHouse(): string {
	return [drawLayers(), ...layers.map(drawRooms)].filter(Boolean).join('\n\n');
}

function drawLayers(): string {
	const lines = layers.flatMap((layer) => nearest(layer).map((other) => `    ${layer} --> ${other}`));
	return ['```mermaid', 'flowchart LR', ...lines, '```'].join('\n');
}

/** Arrows that don't follow from two others. */
function nearest(layer: Layer): Layer[] {
	const direct = arrows[layer];
	return direct.filter(
		(other) => !direct.some((between) => between !== other && arrows[between].includes(other))
	);
}

function drawRooms(layer: Layer): string {
	const members = rooms.filter((room) => layerOf(room) === layer);
	if (members.length === 0) return '';
	const lines = members.map(
		(room) =>
			`| \`${folderOf(room)}\` | ${room.does} | ${(room.uses ?? []).map((name) => `\`${name}\``).join(', ')} |`
	);
	return [`### ${layer}`, '', '| room | for | siblings it uses |', '| --- | --- | --- |', ...lines].join(
		'\n'
	);
}
