// What a change costs where 100,000 readers each follow `owner = X`, against one such reader.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '#kernel';
import { createLive, type Live } from '#core/live';
import { memoryHouse } from './fan-out/memory-house.ts';
import { quantile, row, type Row } from './row.ts';

const shapes = 100_000;
const changes = 2_000;

/** `filter-scaling`: from the journal to the encoded answer of the one reader whom the change concerns. */
export async function run(): Promise<Row[]> {
	const one = await measure(1);
	const many = await measure(shapes);
	return [
		row({
			name: 'filter-scaling',
			value: many,
			unit: 'µs a change',
			against: 'one shape',
			reference: one,
			goal: '<= 1.5'
		})
	];
}

async function measure(count: number): Promise<number> {
	const { views, postgres, installation, change } = memoryHouse();
	const live = await createLive({
		views,
		postgres,
		log: silentLogger,
		directory: join(tmpdir(), 'loam-filter-scaling')
	});
	let woken: (() => void) | undefined;
	for (let n = 0; n < count; n++) follow(live, n, () => woken?.());
	const taken: number[] = [];
	for (let n = 0; n < changes; n++) {
		const begin = performance.now();
		const done = new Promise<void>((resolve) => (woken = resolve));
		change(`owner ${n % count}`);
		await done;
		taken.push((performance.now() - begin) * 1000);
	}
	await live.close();
	// The first half warms it up.
	return quantile(taken.slice(changes / 2), 0.5);

	function follow(to: Live, n: number, wake: () => void): void {
		const where = `owner = 'owner ${n}'`;
		const roles = new Set(['project-user']);
		const shape = to.resolve({ installation, view: 'items', roles, principal: 'p', where });
		const answer = () => {
			const before = to.position() - 1n;
			to.logNow(shape, { kind: 'journal', seq: before, op: 0 })!.json();
			wake();
		};
		to.wait(shape, { wake: answer });
	}
}
