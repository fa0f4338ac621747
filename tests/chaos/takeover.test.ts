import { afterAll, beforeAll, expect, test } from 'vitest';
import { healthOf, startNodes, waitUntil, type Nodes } from '#support/nodes';
import { auditTickets, type TicketAudit } from '#support/ticket-audit';
import { openDesk, openTicket, writeTickets, type Desk } from '#support/ticket-writers';

/** Two nodes on one Postgres: both serve, one maintains the views, and dies. */
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

test('both nodes serve: a change at either is at the readers of both', async () => {
	for (const node of all.nodes) {
		expect(await healthOf(node)).toEqual({ status: 'ready' });
		const title = `from ${node.url}`;
		await openTicket(node, desk, title);
		for (const reader of all.nodes.map((at) => audit.tableAt(at))) {
			await waitUntil(() => [...reader.rows.values()].some((row) => row['title'] === title), title, 5_000);
		}
	}
	await audit.settle(new Set());
});

test('the maintainer is killed: another takes over within 5 s, and no reader loses or doubles a change', async () => {
	const acknowledged = new Set<string>();
	const took: number[] = [];
	for (let round = 0; round < 3; round++) {
		const victim = all.maintainer();
		const other = all.nodes.find((node) => node !== victim)!;
		const writers = writeTickets(all.nodes, desk);
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		await victim.kill();
		const killedAt = Date.now();
		// what is written only now has to reach a reader
		await openTicket(other, desk, `after kill ${round}`);
		acknowledged.add(`after kill ${round}`);
		const { rows } = audit.tableAt(other);
		await waitUntil(
			() => [...rows.values()].some((row) => row['title'] === `after kill ${round}`),
			'the other node shows what was written after the kill',
			10_000
		);
		took.push(Date.now() - killedAt);
		await victim.restart();
		await writers.stop();
		for (const title of writers.acknowledged) acknowledged.add(title);
		await audit.settle(acknowledged);
	}
	console.log(`takeover, from the kill to a new change at a reader: ${took.join(', ')} ms`);
	expect(Math.max(...took)).toBeLessThan(5_000);
	expect(audit.refetches()).toBe(0);
	expect(acknowledged.size).toBeGreaterThan(50);
});
