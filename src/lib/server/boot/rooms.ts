import type { Room } from '#kernel';

/**
 * The house: every room, one line each, in the order in which services start. The lint policies, the
 * drawing in ARCHITECTURE.md and the start of the server are made from this table. A room may import
 * every layer to the right of its own; siblings only through `uses`.
 */
export type Layer = 'kernel' | 'engine' | 'platform' | 'core' | 'features' | 'api' | 'boot' | 'client' | 'routes' | 'cli' | 'sandbox';

export interface RoomEntry {
	readonly name: string;
	/** What it is for, in a line. */
	readonly does: string;
	/** Siblings that it may import. */
	readonly uses?: readonly string[];
	/** Present where the room has a running service. */
	readonly load?: () => Promise<Room<unknown>>;
}

/** What each layer may import besides itself. */
export const arrows: Readonly<Record<Layer, readonly Layer[]>> = {
	boot: ['api', 'features', 'core', 'platform', 'engine', 'kernel'],
	api: ['features', 'core', 'platform', 'engine', 'kernel'],
	features: ['core', 'platform', 'engine', 'kernel'],
	core: ['platform', 'engine', 'kernel'],
	platform: ['kernel'],
	engine: ['kernel'],
	client: ['engine', 'kernel'],
	routes: ['client', 'boot', 'engine', 'kernel'],
	cli: ['kernel'],
	sandbox: ['kernel'],
	kernel: []
};

export const rooms: readonly RoomEntry[] = [
	{ name: 'kernel', does: 'errors, ids, JSON, log, rooms: no I/O' },

	{ name: 'platform/config', does: 'the environment, checked once', load: async () => (await import('#platform/config')).config },
	{ name: 'platform/telemetry', does: 'where log records go' },
	{ name: 'platform/postgres', does: 'the database, embedded or not: logins, migrations, pools', uses: ['platform/config'], load: async () => (await import('#platform/postgres')).postgres }
];
