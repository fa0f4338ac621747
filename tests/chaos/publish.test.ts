import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningLoam } from '#support/loam';
import { startNodes, waitUntil, type Nodes } from '#support/nodes';

/** A module is published at the node that does not maintain the views, and its builder dies. */
let all: Nodes;
let token: string;

beforeAll(async () => {
	all = await startNodes(2);
	token = await all.nodes[0]!.signIn(all.nodes[0]!.admin.email, all.nodes[0]!.admin.password);
});
afterAll(() => all?.stop());

const other = () => all.nodes.find((node) => node !== all.maintainer())!;

async function draft(node: RunningLoam, module: string): Promise<string> {
	const made = await node.call<{ draft: string }>(
		'loam.v1.ModuleService/CreateDraft',
		{ project: 'home/main', module, template: 'starter' },
		{ token }
	);
	return made.draft;
}

const publish = (node: RunningLoam, id: string) =>
	node.call<{ ok: boolean }>('loam.v1.ModuleService/Publish', { draft: id }, { token });

async function statusOf(node: RunningLoam, table: string): Promise<number> {
	const query = new URLSearchParams({ project: 'home/main', table, offset: '-1' });
	const answer = await fetch(`${node.url}/v1/shape?${query}`, {
		headers: { authorization: `Bearer ${token}` }
	});
	await answer.arrayBuffer();
	return answer.status;
}

/** A view of the starter that is kept, and one that is read through. */
async function viewsOf(module: string): Promise<string[]> {
	const rows = await all.query<{ name: string }>(
		`SELECT v.spec->>'name' AS name FROM loam.view v JOIN loam.installation i ON i.id = v.installation_id
		  WHERE i.name = $1 AND v.state = 'ready' AND NOT coalesce((v.spec->>'hidden')::boolean, false)`,
		[module]
	);
	return rows.map(({ name }) => `${module}.${name}`);
}

test('what is published at a node that does not maintain is served by both', async () => {
	const node = other();
	expect(await publish(node, await draft(node, 'clock'))).toMatchObject({ ok: true });
	const tables = await viewsOf('clock');
	expect(tables.length).toBeGreaterThan(1);
	for (const at of all.nodes) {
		for (const table of tables) {
			await waitUntil(async () => (await statusOf(at, table)) === 200, `${table} at ${at.url}`, 5_000);
		}
	}
});

test('a publish outlives the node that was to build its views', async () => {
	const node = other();
	const victim = all.maintainer();
	const id = await draft(node, 'bell');
	// the builder stands still when the publish comes to it, and is then killed
	process.kill(victim.pid(), 'SIGSTOP');
	const published = publish(node, id);
	await waitUntil(
		async () => (await all.query(`SELECT FROM loam.view WHERE state = 'building'`)).length > 0,
		'the views are registered',
		60_000
	);
	await victim.kill();
	expect(await published).toMatchObject({ ok: true });
	for (const table of await viewsOf('bell')) expect(await statusOf(node, table)).toBe(200);
	await victim.restart();
	for (const table of await viewsOf('bell')) expect(await statusOf(victim, table)).toBe(200);
});
