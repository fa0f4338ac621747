import { arrows, rooms, type Layer, type RoomEntry } from './rooms.ts';

/** The folder of each layer's rooms. */
const layerFolder: Readonly<Record<Layer, string>> = {
	kernel: 'src/lib/kernel',
	engine: 'src/lib/engine',
	platform: 'src/lib/server/platform',
	core: 'src/lib/server/core',
	features: 'src/lib/server/features',
	api: 'src/lib/server/api',
	boot: 'src/lib/server/boot',
	client: 'src/lib/client',
	routes: 'src/routes',
	cli: 'src/cli',
	sandbox: 'sandbox'
};

export function layerOf({ name }: Pick<RoomEntry, 'name'>): Layer {
	return name.split('/')[0] as Layer;
}

/** `core/views` -> `src/lib/server/core/views`; a layer that is one room stands in its layer's folder. */
export function folderOf(room: Pick<RoomEntry, 'name'>): string {
	const [, rest] = room.name.split('/');
	return rest ? `${layerFolder[layerOf(room)]}/${rest}` : layerFolder[layerOf(room)];
}

/** Contracts between programs, which every room may import: generated code, and the sandbox's protocol. */
const contracts = ['gen', 'sandbox/protocol'];

/** The rooms as elements of eslint-plugin-boundaries, and generated code. */
export const roomElements = [
	...rooms.map((room) => ({ type: room.name, pattern: folderOf(room), partialMatch: false })),
	{ type: 'gen', pattern: 'src/lib/gen', partialMatch: false }
];

/** Files with a place but no room: Kit's own, and what tests share. */
export const fileCategories = [
	{ category: 'kit', pattern: 'src/*' },
	{ category: 'asset', pattern: '**/*.{css,svg,png}' },
	{ category: 'test', pattern: '**/*.test.ts' },
	{ category: 'test', pattern: 'tests/**' }
];

function mayImport(room: RoomEntry): string[] {
	const layers = arrows[layerOf(room)];
	const right = rooms.filter((other) => layers.includes(layerOf(other))).map((other) => other.name);
	return [room.name, ...right, ...(room.uses ?? []), ...contracts];
}

/** The arrows of the house as policies: what isn't listed is an error. */
export const boundaryPolicies = {
	default: 'disallow',
	message:
		'{{from.element.type}} may not import {{to.element.type}}: see the arrows and `uses` in src/lib/server/boot/rooms.ts',
	policies: [
		...rooms.map((room) => ({
			from: { element: { type: room.name } },
			allow: { to: { element: { types: { anyOf: mayImport(room) } } } }
		})),
		{ allow: { to: { file: { categories: ['asset'] } } } },
		{
			from: { file: { categories: ['kit'] } },
			allow: { to: { element: { types: { anyOf: rooms.map((room) => room.name) } } } }
		},
		// A test may stand on whatever it tests with.
		{
			from: { file: { categories: ['test'] } },
			allow: { to: { element: { types: { anyOf: [...rooms.map((room) => room.name), ...contracts] } } } }
		},
		{ from: { file: { categories: ['test'] } }, allow: { to: { file: { categories: ['test'] } } } },
		{ allow: { to: { module: { origin: ['external', 'core'] } } } }
	]
};
