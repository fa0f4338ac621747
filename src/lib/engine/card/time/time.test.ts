import { describe, expect, test } from 'vitest';
import { rootScope } from '../language/scope.ts';
import { readText } from '../template/read.ts';
import { parseLanguage, parseZone } from './locale.ts';
import { fromLocal, readMoment, toLocal } from './moment.ts';
import { momentText, timeText } from './time-text.ts';

const berlin = { language: 'en', zone: 'Europe/Berlin' };
const auckland = { language: 'en', zone: 'Pacific/Auckland' };

describe('what a browser tells of its reader', () => {
	test.each([
		['Europe/Berlin', 'Europe/Berlin'],
		['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
		['UTC', 'UTC'],
		['Nowhere/Atall', undefined],
		['+25:00', undefined],
		["x'; DROP TABLE", undefined],
		['A'.repeat(65), undefined],
		['', undefined],
		[undefined, undefined]
	])('the zone %j is %j', (text, zone) => expect(parseZone(text)).toBe(zone));

	test.each([
		['de-AT,de;q=0.9,en;q=0.8', 'de-AT'],
		['en;q=0.5, fr;q=0.9', 'fr'],
		['tlh, *;q=0.5, pt-BR;q=0.3', 'pt-BR'],
		['de;q=0, en', 'en'],
		['not a header', 'en'],
		['de_DE', 'en'],
		['de-de-de-DE-1', 'en'],
		['', 'en'],
		[null, 'en']
	])('the languages %j are %j', (header, language) => expect(parseLanguage(header)).toBe(language));
});

describe('a moment', () => {
	test('is read in the zone only where it is a point in time', () => {
		expect(readMoment('2026-11-20T18:59:25.123Z', 'Europe/Berlin')?.zone).toBe('Europe/Berlin');
		expect(readMoment('2026-11-20 18:59:25+00', 'Europe/Berlin')?.zone).toBe('Europe/Berlin');
		expect(readMoment('2026-11-20', 'Europe/Berlin')?.zone).toBeUndefined();
		expect(readMoment('2026-11-20T18:59:25', 'Europe/Berlin')?.zone).toBeUndefined();
		expect(readMoment('never', 'Europe/Berlin')).toBeUndefined();
	});

	test.each([
		['Europe/Berlin', '2026-07-01T10:00:00.000Z', '2026-07-01T12:00:00.000Z'],
		['Europe/Berlin', '2026-12-01T10:00:00.000Z', '2026-12-01T11:00:00.000Z'],
		['America/New_York', '2026-03-08T06:59:59.500Z', '2026-03-08T01:59:59.500Z'],
		['America/New_York', '2026-03-08T07:00:00.000Z', '2026-03-08T03:00:00.000Z'],
		['Asia/Kathmandu', '2026-01-01T00:00:00.000Z', '2026-01-01T05:45:00.000Z'],
		['Pacific/Auckland', '2026-01-01T12:00:00.000Z', '2026-01-02T01:00:00.000Z']
	])('%s: %s is %s, and back', (zone, utc, local) => {
		expect(toLocal({ at: new Date(utc), zone }).toISOString()).toBe(local);
		expect(fromLocal(new Date(local), zone).toISOString()).toBe(utc);
	});
});

describe('a template of a viewer', () => {
	const read = (source: string, host: object | undefined = berlin) =>
		readText(source)(
			rootScope({ at: '2026-11-20T23:30:00Z', day: '2026-11-20', now: '2026-10-24T22:30:00Z' }, host)
		);

	test.each([
		["${formatDateTime(at, 'yyyy-MM-dd HH:mm')}", '2026-11-21 00:30'],
		["${formatDateTime(day, 'yyyy-MM-dd HH:mm')}", '2026-11-20 00:00'],
		["${formatDateTime(at, 'HH:mm K')}", '00:30 +01:00'],
		['${formatDateTime(at)}', '2026-11-20T23:30:00.000Z'],
		["${formatEpoch(0, 'HH:mm')}", '01:00'],
		['${dayOfMonth(at)}', 21],
		['${dayOfMonth(day)}', 20],
		['${date(at)}', '11/21/2026'],
		['${startOfDay(at)}', '2026-11-20T23:00:00.000Z'],
		['${startOfMonth(at)}', '2026-10-31T23:00:00.000Z'],
		// The night in which the clocks go back is 25 hours long.
		["${addDays(now, 1, 'yyyy-MM-dd HH:mm')}", '2026-10-26 00:30'],
		["${addHours(now, 24, 'yyyy-MM-dd HH:mm')}", '2026-10-25 23:30'],
		["${getFutureTime(1, 'Month', 'MMM d HH:mm')}", 'Nov 25 00:30'],
		["${utcNow('HH:mm')}", '22:30']
	])('%s is %j in Berlin', (source, expected) => expect(read(source)).toBe(expected));

	test('without a zone is read in UTC', () => {
		expect(read("${formatDateTime(at, 'yyyy-MM-dd HH:mm')}", {})).toBe('2026-11-20 23:30');
		expect(read('${dayOfMonth(at)}', {})).toBe(20);
	});

	test('has names and marks of the language', () => {
		const german = { language: 'de-DE', zone: 'Europe/Berlin' };
		expect(read("${formatDateTime(at, 'dddd, d. MMMM')}", german)).toBe('Samstag, 21. November');
		expect(read("${formatDateTime(at, 'dddd, d. MMMM', 'fr')}", german)).toBe('samedi, 21. novembre');
		expect(read('${formatNumber(1234.5, 1)}', german)).toBe('1.234,5');
		expect(read("${formatNumber(1234.5, 1, 'en-US')}", german)).toBe('1,234.5');
	});

	test('never breaks over a value', () => {
		for (const source of [
			'${formatEpoch(1e300)}',
			"${addDays(at, 1e300, 'yyyy')}",
			"${addToTime(at, 999999999, 'Year', 'yyyy')}",
			'${formatNumber(1, 400)}',
			'${formatNumber(1, -1)}'
		])
			expect(read(source)).toBeUndefined();
		expect(read("${formatNumber(1, 1, 'no language!')}")).toBe('1.0');
		expect(read("${formatDateTime(at, 'MMM', 'no language!')}")).toBe('Nov');
		expect(read("${formatDateTime('0001-01-01T00:00:00Z', 'yyyy')}")).toBe('0001');
	});
});

describe('{{DATE}} and {{TIME}}', () => {
	test('are written by the clock and in the language of the reader', () => {
		const at = '2026-11-20T13:30:00Z';
		expect(timeText(at, 'short', berlin)).toBe('Fri, Nov 20, 2026');
		expect(timeText(at, 'short', auckland)).toBe('Sat, Nov 21, 2026');
		expect(timeText(at, 'time', { language: 'de', zone: 'Europe/Berlin' })).toBe('14:30');
		expect(timeText(at, 'time', { language: 'de', zone: undefined })).toBe('13:30');
		expect(timeText('2026-11-20', 'long', auckland)).toBe('Friday, November 20, 2026');
		expect(momentText(new Date(at), berlin)).toMatch(/^Nov 20, 2026, 2:30\sPM$/);
	});
});
