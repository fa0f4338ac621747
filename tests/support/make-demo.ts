// `node tests/support/make-demo.ts`: writes modules/tickets/seeds/demo.json anew, the same each time.
import { writeFileSync } from 'node:fs';
import { faker } from '@faker-js/faker';

faker.seed(20261120);
const now = new Date('2026-11-20T09:00:00Z');

const projects = [
	{ code: 'WEB', name: 'Website', description: 'What visitors see first.' },
	{ code: 'APP', name: 'Mobile app', description: 'Orders and messages on the road.' },
	{ code: 'OPS', name: 'Workshop', description: 'Machines, doors and light in the hall.' },
	{ code: 'SHOP', name: 'Shop', description: 'Catalogue, basket and invoices.' }
].map((project) => ({ id: id(), ...project }));

/** What goes wrong, and where: read together they sound like somebody wrote them. */
const troubles = [
	'is slow in the morning',
	'shows an old date',
	'forgets the last entry',
	'cannot be read on a phone',
	'prints twice',
	'sends no mail',
	'asks for the address again',
	'is hard to find',
	'fails with long names',
	'needs a second language',
	'should sort by name',
	'has no empty state'
];
const places: Record<string, string[]> = {
	WEB: ['The start page', 'The contact form', 'The search', 'The news list', 'The cookie notice'],
	APP: ['The order list', 'The sign-in', 'The map', 'The push message', 'The photo upload'],
	OPS: ['The door display', 'The shift plan', 'The label printer', 'The stock count', 'The light control'],
	SHOP: ['The basket', 'The invoice', 'The price filter', 'The voucher field', 'The delivery date']
};

const tickets = projects.flatMap((project) => {
	const titles = faker.helpers.shuffle(
		places[project.code]!.flatMap((place) => troubles.map((trouble) => `${place} ${trouble}`))
	);
	return titles.slice(0, 9).map((title, index) => ticket(project.id, index + 1, title));
});

const comments = tickets.flatMap((one) =>
	Array.from({ length: faker.number.int({ min: 0, max: 3 }) }, () => ({
		id: id(),
		ticket_id: one.id,
		author_id: person(),
		body: faker.helpers.arrayElement([
			'I can reproduce it.',
			'Seen at a customer as well, twice this week.',
			'A first version is ready to be tried.',
			'Let us wait for the next release.',
			'Could somebody with a phone look at this?',
			'The cause is a rounding error.',
			'Thanks, that was it.'
		]),
		written_at: faker.date.between({ from: one.opened_at, to: now }).toISOString()
	}))
);

function ticket(project_id: string, number: number, title: string) {
	const opened = faker.date.recent({ days: 40, refDate: now });
	const status = faker.helpers.weightedArrayElement([
		{ weight: 5, value: 'open' },
		{ weight: 3, value: 'in_progress' },
		{ weight: 3, value: 'done' }
	]);
	return {
		id: id(),
		project_id,
		number,
		title,
		description:
			faker.helpers.maybe(
				() =>
					`Reported from ${faker.location.city()}. It happens ${faker.helpers.arrayElement(['always', 'now and then', 'since the last update', 'with two windows open'])}.`,
				{ probability: 0.6 }
			) ?? '',
		status,
		priority: faker.helpers.weightedArrayElement([
			{ weight: 6, value: 'normal' },
			{ weight: 2, value: 'low' },
			{ weight: 2, value: 'high' },
			{ weight: 1, value: 'urgent' }
		]),
		points: faker.helpers.arrayElement([0, 1, 2, 3, 5, 8]),
		assignee_id: status === 'open' ? null : person(),
		reporter_id: person(),
		opened_at: opened.toISOString(),
		done_at: status === 'done' ? faker.date.between({ from: opened, to: now }).toISOString() : null
	};
}

/** The installer puts a member of the project in its place. */
function person() {
	return { $person: faker.number.int({ min: 0, max: 5 }) };
}

function id(): string {
	return faker.string.uuid({ version: 7, refDate: now });
}

writeFileSync(
	'modules/tickets/seeds/demo.json',
	`${JSON.stringify({ projects, tickets, comments }, null, 2)}\n`
);
