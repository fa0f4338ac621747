import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drawHouse } from './drawing.ts';
import { folderOf, layerOf } from './policies.ts';
import { arrows, rooms } from './rooms.ts';

/** Rooms that nobody imports: they are started. */
const programs = new Set(['boot', 'routes', 'sandbox/host', 'sandbox/guest']);

const folders = [
	'src/lib/engine',
	'src/lib/client',
	...['platform', 'core', 'features', 'api'].map((layer) => `src/lib/server/${layer}`)
];

describe('rooms.ts', () => {
	test('lists every folder, and no other', () => {
		const onDisk = folders.flatMap((folder) =>
			readdirSync(folder)
				.map((name) => join(folder, name))
				.filter((path) => statSync(path).isDirectory())
		);
		const listed = rooms
			.map(folderOf)
			.filter((folder) => folders.some((parent) => folder.startsWith(`${parent}/`)));
		expect(listed.toSorted()).toEqual(onDisk.toSorted());
	});

	test('gives every room a public face', () => {
		const faceless = rooms.filter(
			(room) => !programs.has(room.name) && !existsSync(join(folderOf(room), 'index.ts'))
		);
		expect(faceless.map((room) => room.name)).toEqual([]);
	});

	test('allows siblings only within a layer, and no circle among them', () => {
		const uses = new Map(rooms.map((room) => [room.name, room.uses ?? []]));
		for (const room of rooms) {
			for (const sibling of room.uses ?? []) expect(layerOf({ name: sibling })).toBe(layerOf(room));
			expect(reach(uses, room.name)).not.toContain(room.name);
		}
	});

	test('has arrows in one direction', () => {
		const all = new Map(Object.entries(arrows));
		for (const layer of all.keys()) expect(reach(all, layer)).not.toContain(layer);
	});

	test('is what ARCHITECTURE.md draws', () => {
		const file = 'ARCHITECTURE.md';
		const [before, , after] = readFileSync(file, 'utf8').split(/<!-- \/?rooms -->/);
		const drawn = `${before}<!-- rooms -->\n\n${drawHouse()}\n\n<!-- /rooms -->${after}`;
		if (process.env['UPDATE_DRAWING']) writeFileSync(file, drawn);
		expect(readFileSync(file, 'utf8')).toBe(drawn);
	});
});

function reach(graph: ReadonlyMap<string, readonly string[]>, from: string): Set<string> {
	const seen = new Set<string>();
	const queue = [...(graph.get(from) ?? [])];
	for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
		if (seen.has(next)) continue;
		seen.add(next);
		queue.push(...(graph.get(next) ?? []));
	}
	return seen;
}
