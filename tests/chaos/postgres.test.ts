import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningLoam } from '#support/loam';
import { healthOf, logOf, startNodes, waitUntil, type Nodes } from '#support/nodes';
import { auditTickets, type TicketAudit } from '#support/ticket-audit';
import { openDesk, openTicket, writeTickets, type Desk } from '#support/ticket-writers';

/** Postgres dies or is restarted under two nodes, and whoever looks after it starts it again. */
let all: Nodes;
let desk: Desk;
let audit: TicketAudit;

beforeAll(async () => {
	all = await startNodes(2);
	desk = await openDesk(all.nodes[0]!);
	audit = auditTickets(all, all.nodes, desk);
});
afterAll(async () => {
	audit?.stop();
	await all?.stop();
});

const isReady = async () =>
	(await Promise.all(all.nodes.map(healthOf))).every(({ status }) => status === 'ready');

test.each([
	['is killed', 'SIGKILL'],
	['is restarted', 'SIGINT']
] as const)('Postgres %s: nothing acknowledged is lost, and all goes on by itself', async (_, signal) => {
	const before = all.nodes.map((node) => logOf(node).length);
	const writers = writeTickets(all.nodes, desk);
	await new Promise((resolve) => setTimeout(resolve, 1_500));
	process.kill(all.cluster.pid, signal);
	const at = Date.now();
	await new Promise((resolve) => setTimeout(resolve, 4_000));
	await waitUntil(isReady, 'both nodes are ready again');
	await writers.stop();
	const title = `after ${signal}`;
	await openTicket(all.nodes[1]!, desk, title);
	await audit.settle(new Set([...writers.acknowledged, title]));
	console.log(`Postgres ${signal}: all readers are exact again after ${Date.now() - at} ms`);
	// an outage is some lines at each node, not one for each who suffers from it again and again
	for (const [index, node] of all.nodes.entries()) {
		const told = logOf(node).slice(before[index]);
		expect(told.filter(({ level }) => level !== 'info').length).toBeLessThan(25);
	}
});

test('while Postgres hangs the nodes say so, and since when', async () => {
	const maintainer = all.maintainer();
	const processes = postgresProcesses();
	for (const pid of processes) process.kill(pid, 'SIGSTOP');
	const from = Date.now();
	await waitUntil(
		async () => (await healthOf(all.nodes[0]!)).status === 'unavailable',
		'the node says that it can not serve',
		15_000
	);
	expect(await shapeHealthOf(all.nodes[0]!)).toEqual([202, 'waiting']);
	const { problems } = await healthOf(all.nodes[0]!);
	const database = problems!.find(({ name }) => name === 'database')!;
	expect(Date.parse(database.since) - from).toBeLessThan(6_000);
	expect(database.message).toMatch(/does not answer/);
	for (const pid of processes) process.kill(pid, 'SIGCONT');
	await waitUntil(isReady, 'both nodes are ready again');
	expect(await healthOf(all.nodes[0]!)).toEqual({ status: 'ready' });
	expect(await shapeHealthOf(all.nodes[0]!)).toEqual([200, 'active']);
	await audit.settle(new Set());
	expect(all.maintainer()).toBe(maintainer);
});

/** What the clients of shapes are told. */
async function shapeHealthOf(node: RunningLoam): Promise<[number, string]> {
	const answer = await fetch(`${node.url}/v1/health`);
	return [answer.status, ((await answer.json()) as { status: string }).status];
}

/** The postmaster and its children. */
function postgresProcesses(): number[] {
	const { pid } = all.cluster;
	const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
	return [pid, ...children.trim().split(/\s+/).map(Number)];
}
