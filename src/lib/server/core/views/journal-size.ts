import { span, type Partition } from './partitions.ts';

/**
 * The batch up to which the journal has to be given up for the rest to take no more than `limit` bytes.
 * Within a partition all batches are taken to be of one size; what lies below `floor` is given up already,
 * even where its bytes have not been given back.
 */
export function floorBySize(
	partitions: readonly Partition[],
	seq: bigint,
	floor: bigint,
	limit: number
): bigint {
	const written = partitions.filter(({ from }) => from <= seq);
	let left = limit;
	for (const { from, bytes } of written.toReversed()) {
		const end = from + span - 1n < seq ? from + span - 1n : seq;
		const begin = floor >= from ? floor + 1n : from;
		if (begin > end) return floor;
		const whole = Number(end - from + 1n);
		const kept = (bytes * Number(end - begin + 1n)) / whole;
		if (kept > left) return end - BigInt(Math.floor((left / bytes) * whole));
		left -= kept;
	}
	return floor;
}
