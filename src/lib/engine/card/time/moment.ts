import { dateTimeFormat } from './formats.ts';

/**
 * A point in time and the zone whose calendar it is read by. Without a zone it is read as it was written:
 * a date alone, or a time that names no offset, is the same everywhere.
 */
export interface Moment {
	readonly at: Date;
	readonly zone: string | undefined;
}

/** Undefined where the text is no date. Times with an offset are read in `zone`. */
export function readMoment(text: string, zone: string | undefined): Moment | undefined {
	const written = text
		.replace(/^(\d{4}-\d\d-\d\d) (\d\d:)/, '$1T$2')
		.replace(/([+-]\d\d)$/, (offset) => (text.includes(':') ? `${offset}:00` : offset));
	const dateOnly = /^\d{4}(-\d\d(-\d\d)?)?$/.test(written);
	const floating = dateOnly || /T[\d:.]+$/.test(written);
	const at = new Date(floating && !dateOnly ? `${written}Z` : written);
	if (Number.isNaN(at.getTime())) return undefined;
	return { at, zone: floating ? undefined : zone };
}

/** What the zone's clocks and calendar show, in the UTC fields of the answer. */
export function toLocal({ at, zone }: Moment): Date {
	return zone === undefined ? at : new Date(at.getTime() + offsetOf(at, zone));
}

/** The point in time when the zone's clocks show what the UTC fields of `local` say. */
export function fromLocal(local: Date, zone: string | undefined): Date {
	if (zone === undefined) return local;
	const near = new Date(local.getTime() - offsetOf(local, zone));
	return new Date(local.getTime() - offsetOf(near, zone));
}

/** There were no zones then, and years of two digits mean others to Date.UTC. */
const antiquity = Date.UTC(100, 0, 3);

/** In milliseconds east of UTC. */
export function offsetOf(at: Date, zone: string): number {
	if (at.getTime() < antiquity) return 0;
	const parts = dateTimeFormat('en-US', 'offset', zone, {
		hourCycle: 'h23',
		year: 'numeric',
		month: 'numeric',
		day: 'numeric',
		hour: 'numeric',
		minute: 'numeric',
		second: 'numeric'
	}).formatToParts(at);
	const field = (type: string) => Number(parts.find((part) => part.type === type)!.value);
	const shown = Date.UTC(
		field('year'),
		field('month') - 1,
		field('day'),
		field('hour'),
		field('minute'),
		field('second')
	);
	return shown - Math.floor(at.getTime() / 1000) * 1000;
}
