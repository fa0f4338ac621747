import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { healthOf, logOf, startNodes, waitUntil, type Nodes } from '#support/nodes';
import { auditTickets, type TicketAudit } from '#support/ticket-audit';
import { openDesk, openTicket, writeTickets, type Desk } from '#support/ticket-writers';

/** Postgres stands on a disk of its own, which is full for a while. Mounting one needs root. */
const disk = mountDisk(400);

describe.skipIf(!disk)('a full disk', () => {
	let all: Nodes;
	let desk: Desk;
	let audit: TicketAudit;

	beforeAll(async () => {
		all = await startNodes(2, {
			directory: disk!,
			settings: {
				max_wal_size: '64MB',
				min_wal_size: '32MB',
				wal_keep_size: '0',
				max_slot_wal_keep_size: '200MB'
			}
		});
		desk = await openDesk(all.nodes[0]!);
		audit = auditTickets(all, all.nodes, desk);
	});
	afterAll(async () => {
		audit?.stop();
		await all?.stop();
		execFileSync('umount', ['--lazy', disk!]);
		rmSync(disk!, { recursive: true, force: true });
	});

	test('loses nothing that was acknowledged, and all goes on when there is room again', async () => {
		await openTicket(all.nodes[0]!, desk, 'before');
		const before = all.nodes.map((node) => logOf(node).length);
		const writers = writeTickets(all.nodes, desk, 10);
		const files = [fill(disk!, 24)];
		// what has room left is used up by other writers
		const noise = all
			.query(
				`CREATE TABLE public.noise (t text); INSERT INTO public.noise SELECT repeat(md5(n::text), 30) FROM generate_series(1, 500000) n`
			)
			.then(
				() => 'it fitted',
				(error: Error) => error.message
			);
		expect(await noise).not.toBe('it fitted');
		// what that one gave back
		for (const left of [2, 0]) files.push(fill(disk!, left));
		await waitUntil(() => writers.failures > 0, 'writers are refused', 60_000);
		let told = await healthOf(all.nodes[0]!);
		await waitUntil(
			async () => {
				told = await healthOf(all.nodes[0]!);
				return (told.problems ?? []).length > 0;
			},
			'the node says that something is wrong',
			20_000
		);
		console.log(`a full disk: ${told.problems!.map(({ name, message }) => `${name}: ${message}`).join(' ')}`);
		await new Promise((resolve) => setTimeout(resolve, 5_000));
		for (const file of files) rmSync(file);
		const freedAt = Date.now();
		await waitUntil(
			async () => (await Promise.all(all.nodes.map(healthOf))).every(serves),
			'both nodes serve again',
			60_000
		);
		await waitUntil(
			() =>
				openTicket(all.nodes[1]!, desk, `after ${Date.now()}`).then(
					() => true,
					() => false
				),
			'tickets are opened again',
			60_000
		);
		await writers.stop();
		await audit.settle(new Set([...writers.acknowledged, 'before']), 60_000);
		console.log(`a full disk: all readers are exact ${Date.now() - freedAt} ms after there was room`);
		for (const [index, node] of all.nodes.entries()) {
			const warned = logOf(node)
				.slice(before[index])
				.filter(({ level }) => level !== 'info');
			expect(warned.length).toBeLessThan(40);
		}
	});
});

/** The test's disk is so small that the nodes say that it is nearly full. */
function serves({ status, problems }: Awaited<ReturnType<typeof healthOf>>): boolean {
	return status === 'ready' || (status === 'degraded' && problems!.every(({ name }) => name === 'disk'));
}

function mountDisk(megabytes: number): string | undefined {
	if (process.getuid?.() !== 0) return undefined;
	const folder = mkdtempSync(join(tmpdir(), 'loam-disk-'));
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder]);
		return folder;
	} catch {
		rmSync(folder, { recursive: true, force: true });
		return undefined;
	}
}

/** Takes all but so many megabytes of what is free. */
function fill(folder: string, leave: number): string {
	const file = join(folder, `filler-${leave}`);
	const { bavail, bsize } = statfsSync(folder);
	try {
		writeFileSync(file, Buffer.alloc(Math.max(bavail * bsize - leave * 2 ** 20, 0)));
	} catch {
		// somebody else was faster: it is full
	}
	return file;
}
