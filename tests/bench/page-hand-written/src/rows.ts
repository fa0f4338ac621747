import type { KeyedRow } from '#engine/shape';

const titles = [
	'Login fails on Safari',
	'Export to CSV',
	'Board scrolls too far',
	'Dark mode flickers',
	'Rename a project'
];
const people = ['Ada Lovelace', 'Alan Turing', 'Grace Hopper', 'Barbara Liskov'];

/** As core/live reads them: 200 tickets. */
export const rows: readonly KeyedRow[] = Array.from({ length: 200 }, (_, i) => ({
	key: `"tickets"."board"/"${i}"`,
	value: {
		id: `0192a000-0000-7000-8000-${String(i).padStart(12, '0')}`,
		name: `WEB-${i + 1}`,
		title: titles[i % titles.length]!,
		status: i % 3 === 0 ? 'open' : 'done',
		assignee: people[i % people.length]!,
		points: i % 8
	}
}));
