/** The script of a test page: opens live shapes as pages do, or plainly, and tells what it sees. */
import {
	actAs,
	awaitTxid,
	connection,
	onGrants,
	onRelease,
	subscribeShape,
	type LiveShape,
	type ShapeStatus
} from '#client/live';

interface Seen {
	rows: Map<string, unknown>;
	status: ShapeStatus | undefined;
}

const seen: Seen[] = [];
const told: unknown[] = [];
let status: string = '';
connection.subscribe((next) => (status = next));

const harness = {
	/** One live shape for each group. */
	follow(groups: readonly number[]) {
		for (const group of groups) {
			follow({ table: 'tickets.items', where: 'grp = $1', params: { 1: String(group) } });
		}
	},
	/** What the access rules leave of a view. */
	followMine: () => follow({ table: 'tickets.mine' }),
	/** The same as plain long-polls of the page. */
	followPlainly(groups: readonly number[]) {
		for (const group of groups) void pollPlainly(group);
	},
	state: () => ({
		status,
		shapes: seen.map(({ rows, status: shape }) => ({ rows: [...rows.values()], status: shape })),
		told
	}),
	/** Milliseconds that a command takes, each of so many, one after the other. */
	async command(times: number): Promise<number[]> {
		const taken: number[] = [];
		for (let i = 0; i < times; i++) {
			const start = performance.now();
			await (await fetch('/command', { cache: 'no-store' })).text();
			taken.push(performance.now() - start);
		}
		return taken;
	},
	listen() {
		onRelease('home/main', 'tickets', (release) => told.push(release));
		onGrants(() => told.push('grants'));
	},
	actAs,
	awaitTxid
};

function follow(shape: Omit<LiveShape, 'project'>): void {
	const mine: Seen = { rows: new Map(), status: undefined };
	seen.push(mine);
	subscribeShape({ project: 'home/main', ...shape }, undefined, {
		onReset: (rows) => (mine.rows = new Map(rows.map(({ key, value }) => [key, value['title']]))),
		onChange(changes) {
			for (const { operation, key, value } of changes) {
				if (operation === 'delete') mine.rows.delete(key);
				else mine.rows.set(key, value['title']);
			}
		},
		onStatus: (next) => (mine.status = next)
	});
}

async function pollPlainly(group: number): Promise<void> {
	const shape = {
		project: 'home/main',
		table: 'tickets.items',
		where: 'grp = $1',
		'params[1]': String(group)
	};
	let [offset, handle, live] = ['-1', '', false];
	for (;;) {
		const search = new URLSearchParams({
			...shape,
			offset,
			...(handle && { handle }),
			...(live && { live: 'true' })
		});
		const response = await fetch(`/v1/shape?${search.toString()}`, { cache: 'no-store' });
		await response.text();
		offset = response.headers.get('electric-offset')!;
		handle = response.headers.get('electric-handle')!;
		live = response.headers.has('electric-up-to-date');
	}
}

export type Harness = typeof harness;
(globalThis as unknown as { harness: Harness }).harness = harness;
