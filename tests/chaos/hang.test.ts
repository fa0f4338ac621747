import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningLoam } from '#support/loam';
import { healthOf, startNodes, waitUntil, type Nodes } from '#support/nodes';
import { auditTickets, type TicketAudit } from '#support/ticket-audit';
import { openDesk, openTicket, writeTickets, type Desk } from '#support/ticket-writers';

/** The process that maintains hangs, and wakes up when another has long taken over. */
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

const shows = (node: RunningLoam, title: string) =>
	[...audit.tableAt(node).rows.values()].some((row) => row['title'] === title);

test('a maintainer that hangs is replaced, and commits nothing when it wakes up', async () => {
	const hung = all.maintainer();
	const other = all.nodes.find((node) => node !== hung)!;
	const writers = writeTickets([other], desk, 50);
	await new Promise((resolve) => setTimeout(resolve, 1_000));
	signal(hung, 'STOP');
	const at = Date.now();
	await openTicket(other, desk, 'while it hangs');
	await waitUntil(() => shows(other, 'while it hangs'), 'the other node maintains', 30_000);
	const took = Date.now() - at;
	await new Promise((resolve) => setTimeout(resolve, 3_000));
	signal(hung, 'CONT');
	await waitUntil(async () => (await healthOf(hung)).status === 'ready', 'it serves again');
	await waitUntil(() => shows(hung, 'while it hangs'), 'it shows what the other did');
	await writers.stop();
	await openTicket(hung, desk, 'after it woke up');
	await audit.settle(new Set([...writers.acknowledged, 'while it hangs', 'after it woke up']));
	expect(all.maintainer()).toBe(other);
	expect(audit.refetches()).toBe(0);
	console.log(`a maintainer that hangs: replaced after ${took} ms`);
	expect(took).toBeLessThan(15_000);
});

/** To the process that listens on the node's port. */
function signal(node: RunningLoam, name: 'STOP' | 'CONT'): void {
	execFileSync('kill', [`-${name}`, String(node.pid())]);
}
