import { expect } from 'vitest';
import type { RunningLoam } from './loam.ts';
import { manyReaders, number, residentKiB } from './many-readers.ts';
import { waitUntil } from './nodes.ts';
import { openDesk } from './ticket-writers.ts';

export interface Crowd {
	/** Of one shape, half by events and half by long polls. */
	readonly readers: number;
	/** Each with an equality filter of its own. */
	readonly filtered: number;
	/** Who never read what they are sent. */
	readonly stalled: number;
}

export interface CrowdReport {
	/** Of the server, a reader. */
	readonly kiBAReader: number;
	/** From the call to the last reader of each change, in ms. */
	readonly reached: readonly number[];
	/** How much the server grew by changes that the stalled took nothing of, in MiB, and what was written for each. */
	readonly grownMiB: number;
	readonly writtenMiB: number;
}

const shape = { project: 'home/main', table: 'tickets.tickets' };
const short = { ...shape, columns: 'id,title,number' };
const largeChanges = 40;
const large = 200_000;

/**
 * Opens all of them at a Loam of its own, and holds that each change reaches each that it concerns, that a
 * reader's filter is its own, and that those who read nothing cost no memory and disturb nobody.
 */
export async function holdCrowd(loam: RunningLoam, crowd: Crowd): Promise<CrowdReport> {
	const desk = await openDesk(loam);
	const { token } = desk;
	const all = manyReaders(loam, token);
	/** A command that takes too long on a busy machine changes nothing, and is called again. */
	async function say(title: string, description = ''): Promise<void> {
		const request = { project_id: desk.projectId, title, description };
		for (let call = 1; ; call++) {
			try {
				await loam.call('tickets.Desk/OpenTicket', request, { token, project: 'home/main' });
				return;
			} catch (error) {
				if ((error as { status?: number }).status !== 504 || call === 5) throw error;
			}
		}
	}
	async function reaches(title: string, count: number): Promise<number> {
		await all.watch(title);
		const begin = Date.now();
		await say(title);
		await waitUntil(async () => (await all.count()).seen.length >= count, `${title} at ${count} readers`);
		const took = Date.now() - begin;
		// The others had their time too.
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect((await all.count()).seen.length).toBe(count);
		return took;
	}
	try {
		await say('the first');
		const before = residentKiB(loam.pid());
		await all.open({ readers: 'events', count: crowd.readers / 2, search: short });
		await all.open({ readers: 'long-poll', count: crowd.readers / 2, search: short });
		await all.open({
			readers: 'events',
			count: crowd.filtered,
			search: { ...short, where: `title = 'for ${number} alone'` }
		});
		const open = crowd.readers + crowd.filtered;
		const kiBAReader = (residentKiB(loam.pid()) - before) / open;
		const reached: number[] = [];
		for (let round = 1; round <= 5; round++) reached.push(await reaches(`to all ${round}.`, crowd.readers));
		for (const n of [0, crowd.filtered - 1]) await reaches(`for ${n} alone`, crowd.readers + 1);

		await all.open({ readers: 'stalled', count: crowd.stalled, search: shape });
		const calm = residentKiB(loam.pid());
		for (let n = 1; n <= largeChanges; n++) await say(`large ${n}.`, 'x'.repeat(large));
		const grownMiB = (residentKiB(loam.pid()) - calm) / 1024;
		reached.push(await reaches('after the large ones.', crowd.readers));
		expect((await all.count()).ended).toBe(0);
		return { kiBAReader, reached, grownMiB, writtenMiB: (largeChanges * large) / 2 ** 20 };
	} finally {
		all.stop();
	}
}
