import { expect, test } from 'vitest';
import { agoText, bytesText, durationText, rateText } from './format.ts';

test.each([
	[0, '0 bytes'],
	[1, '1 byte'],
	[1536, '1.5 KB'],
	[81_920, '80 KB'],
	[5 * 2 ** 30, '5 GB']
])('%i bytes', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([
	[0.42, '0.4 ms'],
	[12.3, '12 ms'],
	[1234, '1.2 s']
])('%f ms', (ms, text) => expect(durationText(ms)).toBe(text));

test.each([
	[0, 'now'],
	[5, '5 seconds ago'],
	[120, '2 minutes ago'],
	[7200, '2 hours ago'],
	[86_400, 'yesterday']
])('%i seconds before', (seconds, text) =>
	expect(agoText(new Date(1_000_000_000_000 - seconds * 1000), new Date(1_000_000_000_000))).toBe(text)
);

test.each([
	[0, 'none'],
	[1 / 60, '1 a minute'],
	[0.5, '0.5 a second'],
	[1234, '1,234 a second']
])('%f a second', (rate, text) => expect(rateText(rate)).toBe(text));
