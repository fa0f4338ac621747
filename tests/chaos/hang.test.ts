import { execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningLoam } from '#support/loam';
import { healthOf, logOf, startNodes, waitUntil, type LogLine, type Nodes } from '#support/nodes';
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
	expect(took).toBeLessThan(6_000);
});

test('a maintainer that is merely slow, on a machine with eight others for each core, stays', async () => {
	const slow = all.maintainer();
	const turns = () => all.nodes.map((node) => logOf(node).filter(isTurn).length);
	const before = turns();
	const hogs = Array.from({ length: availableParallelism() * 8 }, () =>
		spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' })
	);
	try {
		const writers = writeTickets(all.nodes, desk, 50);
		await new Promise((resolve) => setTimeout(resolve, 30_000));
		await writers.stop();
	} finally {
		for (const hog of hogs) hog.kill('SIGKILL');
	}
	expect(turns()).toEqual(before);
	expect(all.maintainer()).toBe(slow);
});

const isTurn = ({ message }: LogLine) => message === 'this node maintains the views';

/** To the process that listens on the node's port. */
function signal(node: RunningLoam, name: 'STOP' | 'CONT'): void {
	execFileSync('kill', [`-${name}`, String(node.pid())]);
}
