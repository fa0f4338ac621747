import { flushSync } from 'svelte';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Json } from '#kernel';
import { LiveRows } from './live-rows.svelte.ts';
import { SvelteLocale } from './test-state.svelte.ts';
import { settle, show, type Shown } from './test-host.ts';

vi.stubGlobal('matchMedia', () => ({ matches: true }));
let shown: Shown | undefined;
afterEach(async () => {
	await shown?.end();
	shown = undefined;
});

const card = (body: Json[], actions: Json[] = []): Json => ({ type: 'AdaptiveCard', body, actions });
const text = (value: string, more: Record<string, Json> = {}): Json => ({
	type: 'TextBlock',
	text: value,
	wrap: true,
	...more
});

describe('elements', () => {
	test('are real headings, tables, definition lists and lists', () => {
		const row = (...cells: string[]): Json => ({
			type: 'TableRow',
			cells: cells.map((cell) => ({ type: 'TableCell', items: [text(cell)] }))
		});
		shown = show(
			card([
				text('Title', { style: 'heading', size: 'large' }),
				{ type: 'Table', columns: [{ width: 1 }, { width: 2 }], rows: [row('A', 'B'), row('1', '2')] },
				{ type: 'FactSet', facts: [{ title: 'Due', value: '**today**' }] },
				text('- one\n- two')
			])
		);
		expect(shown.get('h2').textContent).toBe('Title');
		expect(shown.all('thead th[scope=col]').map((cell) => cell.textContent.trim())).toEqual(['A', 'B']);
		expect(shown.all('tbody td').map((cell) => cell.textContent.trim())).toEqual(['1', '2']);
		expect(shown.get('dl dt').textContent.trim()).toBe('Due');
		expect(shown.get('dl dd strong').textContent).toBe('today');
		expect(shown.all('ul li').map((item) => item.textContent)).toEqual(['one', 'two']);
	});

	test('write no inline style and no markup of the data', () => {
		shown = show(
			card([
				text('${evil}'),
				{
					type: 'Container',
					minHeight: '50px',
					items: [{ type: 'Image', url: 'https://a.b/c.png', width: '40px' }]
				}
			]),
			{
				evil: '<img src=x onerror=alert(1)>'
			}
		);
		expect(shown.root.querySelector('[style]')).toBeNull();
		expect(shown.all('img')).toHaveLength(1);
		expect(shown.root.textContent).toContain('<img src=x');
	});

	test('an unknown element is its fallback, deep down too', () => {
		shown = show(
			card([
				{ type: 'X', fallback: { type: 'Y', fallback: text('plain') } },
				{ type: 'Z', fallback: 'drop' },
				{ type: 'W' }
			])
		);
		expect(shown.root.textContent.trim()).toBe('plain');
	});

	test('links out open apart; links in stay in the module; scripts are no links', () => {
		shown = show(card([text('[out](https://x.y) [in](tickets/1) [bad](javascript:alert(1))')]));
		const [out, inside, ...rest] = shown.all<HTMLAnchorElement>('a');
		expect(out!.rel).toContain('noopener');
		expect(inside!.getAttribute('href')).toBe('/home/main/tickets/tickets/1');
		expect(rest).toEqual([]);
	});
});

describe('live rows', () => {
	const table = card([
		text('${count(rows)} rows'),
		{
			type: 'Table',
			columns: [{}, {}],
			rows: [
				{
					type: 'TableRow',
					$data: '${rows}',
					cells: [
						{ type: 'TableCell', items: [text('${name}')] },
						{ type: 'TableCell', items: [text('${points}')] }
					]
				}
			]
		}
	]);
	const keyed = (key: string, name: string, points: number) => ({ key, value: { name, points } });
	const open = () => {
		const live = new LiveRows([keyed('1', 'a', 1), keyed('2', 'b', 2), keyed('3', 'c', 3)], undefined, 100);
		const page = show(table, {
			get rows() {
				return live.rows;
			}
		});
		return { live, page };
	};
	const cells = (page: Shown) =>
		page.all('tbody tr').map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent.trim()));

	test('a changed field touches its own cell and nothing else', async () => {
		const { live, page } = open();
		shown = page;
		const touched: Node[] = [];
		const observer = new MutationObserver((mutations) =>
			touched.push(...mutations.map((mutation) => mutation.target))
		);
		observer.observe(page.root, { subtree: true, childList: true, characterData: true, attributes: true });
		live.apply([{ operation: 'update', key: '2', value: { name: 'b', points: 20 } }]);
		await settle();
		expect(cells(page)[1]).toEqual(['b', '20']);
		expect(touched.map((node) => node.textContent)).toEqual(['20']);
	});

	test('rows that move keep their nodes', () => {
		const { live, page } = open();
		shown = page;
		const [first, second, third] = page.all('tbody tr');
		live.replace([keyed('3', 'c', 3), keyed('1', 'a', 1), keyed('2', 'b', 2)]);
		flushSync();
		expect(page.all('tbody tr')).toEqual([third, first, second]);
	});

	test('rows come and go, and totals follow', () => {
		const { live, page } = open();
		shown = page;
		live.apply([
			{ operation: 'insert', key: '4', value: { name: 'd', points: 4 } },
			{ operation: 'delete', key: '1' }
		]);
		flushSync();
		expect(cells(page)).toEqual([
			['b', '2'],
			['c', '3'],
			['d', '4']
		]);
		expect(page.get('.ac-text').textContent).toBe('3 rows');
	});

	test('what was typed, and the focus, survive every change', () => {
		const live = new LiveRows([{ key: '1', value: { name: 'a', note: 'old' } }], undefined, 100);
		const form = card([
			{
				type: 'Container',
				$data: '${rows}',
				items: [
					{ type: 'Input.Text', id: 'name', label: 'Name', value: '${name}' },
					{ type: 'Input.Text', id: 'note', label: 'Note', value: '${note}' }
				]
			}
		]);
		shown = show(form, {
			get rows() {
				return live.rows;
			}
		});
		const [name, note] = shown.all<HTMLInputElement>('input');
		name!.focus();
		shown.type('input', 'half typed');
		live.apply([{ operation: 'update', key: '1', value: { name: 'b', note: 'new' } }]);
		flushSync();
		expect(name!.value).toBe('half typed');
		expect(note!.value).toBe('new');
		expect(document.activeElement).toBe(name);
	});
});

describe('another release of the page', () => {
	const form = (more: Json[], label = 'Note'): Json =>
		card(
			[
				...more,
				{ type: 'Input.Text', id: 'title', label: 'Title' },
				{ type: 'Input.Text', id: 'note', label, isMultiline: true },
				{ type: 'Input.Number', id: 'points', label: 'Points' }
			],
			[
				{ type: 'Action.Execute', title: 'Save', verb: 'Save' },
				{
					type: 'Action.ShowCard',
					title: 'More',
					card: card([{ type: 'Input.Text', id: 'reason', label: 'Reason' }])
				}
			]
		);
	const note = () => shown!.get<HTMLTextAreaElement>('textarea');

	test('keeps focus, caret and what was half typed', async () => {
		shown = show(form([]));
		shown.type('textarea', 'half a sentence');
		note().focus();
		note().setSelectionRange(2, 6, 'backward');
		const before = note();
		await shown.replace(form([text('New here')], 'Remark'));
		expect(shown.root.textContent).toContain('New here');
		expect(note()).not.toBe(before);
		expect(document.activeElement).toBe(note());
		expect(note().value).toBe('half a sentence');
		expect([note().selectionStart, note().selectionEnd, note().selectionDirection]).toEqual([
			2,
			6,
			'backward'
		]);
		shown.get<HTMLInputElement>('input[type=number]').focus();
		await shown.replace(form([], 'Note'));
		expect(document.activeElement).toBe(shown.get('input[type=number]'));
	});

	test('keeps what an action has shown, and the focus in it', async () => {
		shown = show(form([]));
		await shown.press('More');
		shown.type('.ac-shown input', 'because');
		shown.get('.ac-shown input').focus();
		await shown.replace(form([text('New here')]));
		expect(shown.get<HTMLInputElement>('.ac-shown input').value).toBe('because');
		expect(document.activeElement).toBe(shown.get('.ac-shown input'));
		await shown.press('More');
		await shown.replace(form([]));
		expect(shown.all('.ac-shown')).toEqual([]);
	});

	test('keeps the focus on a button, and lets go of what is no more', async () => {
		shown = show(form([]));
		const save = () => shown!.all('button').find((button) => button.textContent.trim() === 'Save');
		save()!.focus();
		await shown.replace(form([text('New here')]));
		expect(document.activeElement).toBe(save());
		note().focus();
		await shown.replace(card([text('All gone')]));
		expect(document.activeElement).toBe(document.body);
	});

	test('over data that was loaded again sends what is half typed, in rows and around them', async () => {
		const row: Json = {
			type: 'Container',
			$data: '${rows}',
			items: [
				{ type: 'Input.Text', id: 'cell', label: 'Cell' },
				{ type: 'ActionSet', actions: [{ type: 'Action.Execute', title: 'Send', verb: 'Send' }] }
			]
		};
		const sample = (news: Json[]) => form([{ ...(row as object) }, ...news]);
		const data = () => ({ rows: [{ __key: '1', id: 1 }] });
		shown = show(sample([]), data());
		shown.type('.ac-container input', 'in a row');
		shown.type('textarea', 'half a sentence');
		await shown.replace(sample([text('New here')]));
		await shown.reload(data());
		await shown.press('Send');
		await shown.press('Save');
		expect(shown.calls).toMatchObject([
			{ verb: 'Send', request: { cell: 'in a row', note: 'half a sentence' } },
			{ verb: 'Save', request: {} }
		]);
	});

	test('with the same card touches nothing', async () => {
		shown = show(form([]));
		const before = note();
		await shown.replace(form([]));
		expect(note()).toBe(before);
	});
});

describe('a row of plain words', () => {
	const table = card([
		{
			type: 'Table',
			columns: [{}, {}],
			rows: [
				{
					type: 'TableRow',
					$data: '${rows}',
					selectAction: { type: 'Action.OpenUrl', title: 'Open ${name}', url: '${to}' },
					cells: [
						{ type: 'TableCell', items: [text('${name}')] },
						{ type: 'TableCell', items: [text('${note}', { color: "${if(late, 'attention', 'default')}" })] }
					]
				}
			]
		}
	]);
	const open = (value: Record<string, unknown>) => {
		const live = new LiveRows([{ key: '1', value: value as never }], undefined, 100);
		shown = show(table, {
			get rows() {
				return live.rows;
			}
		});
		return (change: Record<string, unknown>) => {
			live.apply([{ operation: 'update', key: '1', value: change }]);
			flushSync();
		};
	};
	const cells = () => shown!.all('tbody td').map((cell) => cell.textContent.trim());

	test('writes its words as words, and leads where it says', () => {
		open({ name: '<b>a</b> & "b"', note: '', to: 'tickets/1', late: false });
		expect(cells()).toEqual(['<b>a</b> & "b"', '']);
		expect(shown!.all('tbody b')).toEqual([]);
		const link = shown!.get('tbody a.ac-cover');
		expect(link.getAttribute('href')).toBe('/home/main/tickets/tickets/1');
		expect(link.getAttribute('aria-label')).toBe('Open <b>a</b> & "b"');
	});

	test('follows a change in words, looks and address with the same nodes', () => {
		const change = open({ name: 'a', note: '', to: 'tickets/1', late: false });
		const [row, link] = [shown!.get('tbody tr'), shown!.get('tbody a')];
		change({ name: 'b', note: 'soon', to: 'https://x.y/1', late: true });
		expect(cells()).toEqual(['b', 'soon']);
		expect(shown!.get('tbody td:last-child').className).toContain('ac-color-attention');
		expect([link.getAttribute('href'), link.getAttribute('rel')]).toEqual([
			'https://x.y/1',
			'noopener noreferrer'
		]);
		change({ to: 'tickets/2', late: false });
		expect([link.getAttribute('target'), link.getAttribute('rel')]).toEqual([null, null]);
		expect(shown!.get('tbody td:last-child').hasAttribute('class')).toBe(false);
		expect([shown!.get('tbody tr'), shown!.get('tbody a')]).toEqual([row, link]);
	});

	test('becomes more than words, and plain again', () => {
		const change = open({ name: 'a', note: 'plain', to: 'tickets/1', late: false });
		change({ note: 'now **bold**' });
		expect(shown!.get('tbody td strong').textContent).toBe('bold');
		expect(shown!.all('tbody a.ac-cover')).toHaveLength(1);
		change({ note: 'plain' });
		expect(cells()).toEqual(['a', 'plain']);
		change({ to: '' });
		expect(shown!.all('tbody a')).toEqual([]);
		expect(cells()).toEqual(['a', 'plain']);
	});
});

describe('times', () => {
	const at = '2026-11-20T23:30:00Z';

	test('follow the zone of the reader where it becomes known', () => {
		const locale = new SvelteLocale('en', undefined);
		shown = show(
			card([text('{{DATE(${at}, SHORT)}} {{TIME(${at})}}'), text("${formatDateTime(at, 'dd HH:mm')}")]),
			{ at },
			undefined,
			locale
		);
		const words = () => shown!.all('p.ac-text').map((one) => one.textContent.replace(/\s/g, ' '));
		expect(words()).toEqual(['Fri, Nov 20, 2026 11:30 PM', '20 23:30']);
		const nodes = shown.all('time');
		locale.zone = 'Europe/Berlin';
		flushSync();
		expect(words()).toEqual(['Sat, Nov 21, 2026 12:30 AM', '21 00:30']);
		expect(shown.all('time')).toEqual(nodes);
		expect(nodes[0]!.getAttribute('datetime')).toBe(at);
	});

	test('are put in by the reader’s clock, and sent as points in time', async () => {
		const inputs: Json[] = [
			{ type: 'Input.Date', id: 'when', label: 'When', time: true, value: '${at}' },
			{ type: 'Input.Date', id: 'day', label: 'Day', value: '${at}' }
		];
		const send: Json = { type: 'Action.Execute', title: 'Send', verb: 'Send' };
		shown = show(card(inputs, [send]), { at }, undefined, new SvelteLocale('en', 'Asia/Kathmandu'));
		const [when, day] = shown.all<HTMLInputElement>('input');
		expect([when!.value, day!.value]).toEqual(['2026-11-21T05:15', '2026-11-21']);
		await shown.press('Send');
		shown.type('input', '2026-12-01T06:00');
		await shown.press('Send');
		expect(shown.calls.map(({ request }) => request)).toEqual([
			{ when: '2026-11-20T23:30:00.000Z', day: '2026-11-21' },
			{ when: '2026-12-01T00:15:00.000Z', day: '2026-11-21' }
		]);
	});
});

describe('inputs', () => {
	const six: Json[] = [
		{ type: 'Input.Text', id: 'title', label: 'Title', isRequired: true, errorMessage: 'A title, please.' },
		{ type: 'Input.Number', id: 'points', label: 'Points', min: 0, max: 13 },
		{ type: 'Input.Date', id: 'due', label: 'Due' },
		{ type: 'Input.Time', id: 'at', label: 'At' },
		{ type: 'Input.Toggle', id: 'urgent', title: 'Urgent' },
		{
			type: 'Input.ChoiceSet',
			id: 'kind',
			label: 'Kind',
			choices: [
				{ title: 'Bug', value: 'bug' },
				{ title: 'Idea', value: 'idea' }
			]
		},
		{
			type: 'Input.ChoiceSet',
			id: 'labels',
			label: 'Labels',
			isMultiSelect: true,
			choices: [
				{ title: 'UI', value: 'ui' },
				{ title: 'API', value: 'api' }
			]
		}
	];
	const create: Json = {
		type: 'Action.Execute',
		title: 'Create',
		verb: 'CreateTicket',
		data: { source: 'page' }
	};

	test('what is submitted has types, and leaves empty fields out', async () => {
		shown = show(card(six, [create]));
		shown.type('input[type=text]', 'Hello');
		shown.type('input[type=number]', '5');
		shown.type('input[type=date]', '2026-11-20');
		shown.get<HTMLInputElement>('input[role=switch]').click();
		shown.get<HTMLInputElement>('input[value=api]').click();
		await shown.press('Create');
		expect(shown.calls).toEqual([
			{
				verb: 'CreateTicket',
				request: { source: 'page', title: 'Hello', points: 5, due: '2026-11-20', urgent: true, labels: 'api' }
			}
		]);
	});

	test('a required or wrong field is told to everybody, focused, and nothing is sent', async () => {
		shown = show(card(six, [create]));
		shown.type('input[type=number]', '99');
		await shown.press('Create');
		expect(shown.calls).toEqual([]);
		const input = shown.get<HTMLInputElement>('input[type=text]');
		expect(input.getAttribute('aria-invalid')).toBe('true');
		expect(document.getElementById(input.getAttribute('aria-describedby')!)?.textContent).toContain(
			'A title, please.'
		);
		expect(shown.all('[role=alert]').map((one) => one.textContent.trim())).toEqual([
			'A title, please.',
			'From 0 to 13.'
		]);
		expect(document.activeElement).toBe(input);
		shown.type('input[type=text]', 'now');
		expect(input.getAttribute('aria-invalid')).toBeNull();
	});

	test('choosing nothing is offered where it has a name, or where nothing was chosen', () => {
		const set = (id: string, more: Record<string, Json>): Json => ({
			type: 'Input.ChoiceSet',
			id,
			label: id,
			choices: [{ title: 'Low', value: 'low' }],
			...more
		});
		const named = { value: 'low', placeholder: 'None' };
		shown = show(card([set('a', { value: 'low' }), set('b', {}), set('c', named)]));
		const offered = (select: HTMLSelectElement) => [...select.options].map((option) => option.textContent);
		expect(shown.all<HTMLSelectElement>('select').map(offered)).toEqual([
			['Low'],
			['', 'Low'],
			['None', 'Low']
		]);
	});

	test('every input has a name', () => {
		shown = show(card(six));
		for (const input of shown.all<HTMLInputElement>('input, select')) {
			const named = (input.labels?.length ?? 0) > 0 || input.getAttribute('aria-label');
			expect(named, input.outerHTML).toBeTruthy();
		}
		expect(shown.get('fieldset legend').textContent).toBe('Labels');
	});

	test('single choices expanded are a radio group', () => {
		shown = show(
			card([
				{
					type: 'Input.ChoiceSet',
					id: 'k',
					label: 'Kind',
					style: 'expanded',
					value: 'b',
					choices: [
						{ title: 'A', value: 'a' },
						{ title: 'B', value: 'b' }
					]
				}
			])
		);
		expect(shown.get('[role=radiogroup] legend').textContent).toBe('Kind');
		expect(shown.all<HTMLInputElement>('input[type=radio]').map((radio) => radio.checked)).toEqual([
			false,
			true
		]);
	});

	test('a refused command says why, and what was typed stays', async () => {
		shown = show(card(six, [create]), {}, () => Promise.reject(new Error('Too many tickets.')));
		shown.type('input[type=text]', 'Hello');
		await shown.press('Create');
		expect(shown.notes).toEqual(['danger: Too many tickets.']);
		expect(shown.get<HTMLInputElement>('input[type=text]').value).toBe('Hello');
	});

	test('after a success the form is clean, and what follows is done', async () => {
		const then: Json = { open: 'tickets/${$response.id}', message: 'Made ${$response.name}' };
		shown = show(
			card(six, [{ type: 'Action.Execute', title: 'Create', verb: 'CreateTicket', then }]),
			{},
			() => ({ id: 7, name: 'T-7' })
		);
		shown.type('input[type=text]', 'Hello');
		await shown.press('Create');
		expect(shown.notes).toEqual(['good: Made T-7']);
		expect(shown.opened).toEqual(['tickets/7']);
		expect(shown.get<HTMLInputElement>('input[type=text]').value).toBe('');
	});

	test('an action in a row sends the inputs of its own row', async () => {
		const rows = [{ id: 1 }, { id: 2 }];
		const row: Json = {
			type: 'Container',
			$data: '${rows}',
			items: [
				{ type: 'Input.Text', id: 'note', label: 'Note ${id}' },
				{
					type: 'ActionSet',
					actions: [{ type: 'Action.Execute', title: 'Send ${id}', verb: 'Send', data: { id: '${id}' } }]
				}
			]
		};
		shown = show(card([row]), { rows });
		const [first, second] = shown.all<HTMLInputElement>('input');
		for (const [input, value] of [
			[first!, 'one'],
			[second!, 'two']
		] as const) {
			input.value = value;
			input.dispatchEvent(new Event('input', { bubbles: true }));
		}
		await shown.press('Send 2');
		expect(shown.calls).toEqual([{ verb: 'Send', request: { id: 2, note: 'two' } }]);
	});
});

describe('actions', () => {
	test('a shown card sends its own inputs and those around it, and closes; one at a time', async () => {
		const inner = (id: string): Json => ({
			type: 'AdaptiveCard',
			body: [{ type: 'Input.Text', id, label: id }],
			actions: [{ type: 'Action.Submit', title: `Send ${id}`, data: { verb: 'Do' } }]
		});
		shown = show(
			card(
				[{ type: 'Input.Text', id: 'outer', label: 'Outer', value: 'o' }],
				[
					{ type: 'Action.ShowCard', title: 'A', card: inner('a') },
					{ type: 'Action.ShowCard', title: 'B', card: inner('b') },
					{ type: 'Action.Execute', title: 'Main', verb: 'Main' }
				]
			)
		);
		await shown.press('A');
		expect(shown.get('[aria-expanded=true]').textContent.trim()).toBe('A');
		await shown.press('Send a');
		expect(shown.calls.at(-1)).toEqual({ verb: 'Do', request: { outer: 'o' } });
		expect(shown.all('.ac-shown')).toHaveLength(0);
		expect(document.activeElement?.textContent.trim()).toBe('A');
		await shown.press('A');
		shown.type('.ac-shown input', 'x');
		await shown.press('Main');
		expect(shown.calls.at(-1)).toEqual({ verb: 'Main', request: { outer: 'o' } });
		await shown.press('B');
		expect(shown.all('.ac-shown')).toHaveLength(1);
		await shown.press('B');
		expect(shown.all('.ac-shown')).toHaveLength(0);
	});

	test('visibility is toggled, set and unset', async () => {
		shown = show(
			card(
				[text('now', { id: 'a' }), { type: 'Container', id: 'b', isVisible: false, items: [text('later')] }],
				[
					{ type: 'Action.ToggleVisibility', title: 'Flip', targetElements: ['a', 'b'] },
					{
						type: 'Action.ToggleVisibility',
						title: 'Show',
						targetElements: [{ elementId: 'a', isVisible: true }]
					}
				]
			)
		);
		const hidden = () => shown!.all('p.ac-text, .ac-container').map((one) => one.hasAttribute('hidden'));
		expect(hidden()).toEqual([false, true, false]);
		await shown.press('Flip');
		expect(hidden()).toEqual([true, false, false]);
		await shown.press('Show');
		expect(hidden()).toEqual([false, false, false]);
	});

	test('what asks first runs only after a yes', async () => {
		HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
			this.open = true;
		};
		HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
			this.open = false;
		};
		shown = show(card([], [{ type: 'Action.Execute', title: 'Delete', verb: 'Delete', confirm: 'Really?' }]));
		await shown.press('Delete');
		expect(shown.calls).toEqual([]);
		await shown.press('Cancel');
		expect(shown.calls).toEqual([]);
		await shown.press('Delete');
		shown.all<HTMLButtonElement>('dialog button').at(-1)!.click();
		await settle();
		expect(shown.calls).toHaveLength(1);
	});
});
