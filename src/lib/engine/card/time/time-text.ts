import { dateTimeFormat } from './formats.ts';
import type { Locale } from './locale.ts';
import { readMoment } from './moment.ts';

export type TimeFormat = 'compact' | 'short' | 'long' | 'time';

const options: Readonly<Record<TimeFormat, Intl.DateTimeFormatOptions>> = {
	compact: { dateStyle: 'short' },
	short: { weekday: 'short', year: 'numeric', month: 'short', day: 'numeric' },
	long: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
	time: { timeStyle: 'short' }
};

/** A `{{DATE(…)}}` or `{{TIME(…)}}` as the reader's language writes it, by the reader's clock. */
export function timeText(text: string, show: TimeFormat, { language, zone }: Locale): string {
	const moment = readMoment(text, zone);
	return moment
		? dateTimeFormat(language, show, moment.zone ?? 'UTC', options[show]).format(moment.at)
		: text;
}

/** A moment with its time, where no card says how: `Nov 20, 2026, 6:59 PM`. */
export function momentText(at: Date, { language, zone }: Locale): string {
	return dateTimeFormat(language, 'moment', zone ?? 'UTC', {
		dateStyle: 'medium',
		timeStyle: 'short'
	}).format(at);
}
