import type { Room } from '#kernel';

/**
 * The house: every room, one line each, in the order in which services start. The lint policies, the
 * drawing in ARCHITECTURE.md and the start of the server are made from this table. A room may import
 * every layer to the right of its own; siblings only through `uses`.
 */
export type Layer =
	| 'kernel'
	| 'engine'
	| 'platform'
	| 'core'
	| 'features'
	| 'api'
	| 'boot'
	| 'client'
	| 'routes'
	| 'cli'
	| 'sandbox';

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
	{ name: 'kernel', does: 'errors, ids, JSON, log, diagnostics: no I/O' },

	{ name: 'engine/sql', does: "Postgres's own parser; what SQL of a module may say" },
	{ name: 'engine/filter', does: 'conditions over rows, the same in Postgres and in here' },
	{ name: 'engine/policy', does: 'roles, access rules and row filters', uses: ['engine/filter'] },
	{
		name: 'engine/schema',
		does: 'schema.proto as tables, methods, types and forms',
		uses: ['engine/policy']
	},
	{
		name: 'engine/view',
		does: 'a SELECT as a plan and its maintenance statements',
		uses: ['engine/sql']
	},
	{ name: 'engine/card', does: 'cards: validation, templates compiled once', uses: ['engine/shape'] },
	{
		name: 'engine/shape',
		does: 'the shape protocol: offsets, keys, messages',
		uses: ['engine/view']
	},
	{
		name: 'engine/module',
		does: 'manifest, pages, files and their hash',
		uses: ['engine/schema', 'engine/view', 'engine/policy', 'engine/card']
	},

	{
		name: 'platform/config',
		does: 'the environment, checked once',
		load: async () => (await import('#platform/config')).config
	},
	{ name: 'platform/telemetry', does: 'where log records go' },
	{
		name: 'platform/postgres',
		does: 'the database, embedded or not: logins, migrations, pools',
		uses: ['platform/config'],
		load: async () => (await import('#platform/postgres')).postgres
	},
	{ name: 'platform/wal', does: 'the write-ahead log as decoded messages', uses: ['platform/postgres'] },
	{
		name: 'platform/isolates',
		does: 'the pool of sandbox processes',
		uses: ['platform/config'],
		load: async () => (await import('#platform/isolates')).isolates
	},

	{
		name: 'core/health',
		does: 'what is wrong, and since when',
		load: async () => (await import('#core/health')).health
	},
	{
		name: 'core/tenancy',
		does: 'projects, installations, their schemas and roles',
		load: async () => (await import('#core/tenancy')).tenancy
	},
	{
		name: 'core/identity',
		does: 'people, sessions, grants',
		uses: ['core/tenancy'],
		load: async () => (await import('#core/identity')).identity
	},
	{ name: 'core/cdc', does: 'transactions of all source tables in commit order' },
	{
		name: 'core/views',
		does: 'keeps views and the journal',
		uses: ['core/cdc', 'core/health', 'core/tenancy'],
		load: async () => (await import('#core/views')).views
	},
	{
		name: 'core/live',
		does: 'shapes: snapshots, tails, fan-out',
		uses: ['core/views', 'core/tenancy'],
		load: async () => (await import('#core/live')).live
	},
	{
		name: 'core/commands',
		does: 'runs handlers and standard methods as one transaction',
		uses: ['core/tenancy', 'core/identity'],
		load: async () => (await import('#core/commands')).commands
	},

	{
		name: 'features/registry',
		does: 'modules and drafts',
		load: async () => (await import('#features/registry')).registry
	},
	{
		name: 'features/releases',
		does: 'the gate, publishing, installing',
		uses: ['features/registry'],
		load: async () => (await import('#features/releases')).releases
	},
	{
		name: 'features/pages',
		does: 'routes, generated screens, bindings',
		load: async () => (await import('#features/pages')).pages
	},

	{
		name: 'api/connect',
		does: "the platform's and the modules' services",
		load: async () => (await import('#api/connect')).connect
	},
	{
		name: 'api/stream',
		does: 'shapes over HTTP, and the one connection of a browser',
		load: async () => (await import('#api/stream')).stream
	},

	{ name: 'boot', does: 'this table, start and stop, entry points' },

	{ name: 'client/session', does: 'calls to the API' },
	{ name: 'client/live', does: 'all shapes of all tabs over one connection' },
	{ name: 'client/ui', does: 'tokens, shell, fields, messages' },
	{
		name: 'client/cards',
		does: 'card elements as Svelte components',
		uses: ['client/ui', 'client/session', 'client/live']
	},
	{
		name: 'client/ide',
		does: "the builder's editor, draft and preview",
		uses: ['client/ui', 'client/session', 'client/cards']
	},

	{ name: 'routes', does: 'the addresses of the screens' },
	{ name: 'sandbox/protocol', does: 'what host and parent say to each other; like schemas, for everyone' },
	{ name: 'sandbox/host', does: 'a process that runs isolates', uses: ['sandbox/guest', 'sandbox/protocol'] },
	{ name: 'sandbox/guest', does: 'what user code sees' }
];
