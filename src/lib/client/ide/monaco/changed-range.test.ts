import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changedRange } from './changed-range.ts';

it('is the smallest range: the cursor outside of it stays where it is', () => {
	expect(changedRange('let a = 1;', 'let abc = 1;')).toEqual({ start: 5, end: 5, text: 'bc' });
	expect(changedRange('aa', 'aaa')).toEqual({ start: 2, end: 2, text: 'a' });
	expect(changedRange('same', 'same')).toBeUndefined();
});

it('put into the old text gives the new one', () => {
	const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 });
	fc.assert(
		fc.property(text, text, (before, after) => {
			const change = changedRange(before, after) ?? { start: 0, end: 0, text: '' };
			expect(before.slice(0, change.start) + change.text + before.slice(change.end)).toBe(after);
		})
	);
});
