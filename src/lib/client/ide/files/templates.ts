import { handlerTemplate, labelOf, snakeCase } from '#engine/schema';
import type { FileKind } from '#engine/module';
import type { Outline, OutlineColumn, OutlineTable } from './outline.ts';
import { pathOf } from './tree.ts';

/** What a template is made from. */
export interface TemplateContext {
	readonly outline: Outline;
	readonly paths: readonly string[];
}

/** The name that the dialog offers for a new file. */
export function suggestedName(kind: FileKind, { outline, paths }: TemplateContext): string {
	const free = (names: readonly string[]) => names.find((name) => !paths.includes(pathOf(kind, name))) ?? '';
	switch (kind) {
		case 'page':
			return free([
				'index',
				...outline.tables.flatMap((table) => [table.name, `${table.name}/[id]`]),
				'page',
				'page-2'
			]);
		case 'view':
			return free([...outline.tables.map((table) => `${table.name}_list`), 'list', 'list_2']);
		case 'logic':
			return free([...outline.methods.map((method) => snakeCase(method.name)), 'shared']);
		case 'migration':
			return `${nextNumber(paths)}_change`;
		case 'seed':
			return free(['demo']);
		default:
			return '';
	}
}

/** The number of the next migration, four digits. */
export function nextNumber(paths: readonly string[]): string {
	const numbers = paths.map((path) => Number(/^migrations\/(\d{4})_/.exec(path)?.[1] ?? 0));
	return String(Math.max(0, ...numbers) + 1).padStart(4, '0');
}

/** A sensible beginning for a new file. */
export function templateOf(path: string, kind: FileKind, context: TemplateContext): string {
	switch (kind) {
		case 'page':
			return pageTemplate(path, context.outline);
		case 'view':
			return viewTemplate(path, context.outline);
		case 'logic':
			return logicTemplate(path, context.outline);
		case 'migration':
			return '-- Runs once, when the release is published. What was released never changes again.\n';
		case 'seed':
			return `${json(Object.fromEntries(context.outline.tables.map((table) => [table.name, []])))}\n`;
		default:
			return '';
	}
}

/** The table that a file is about: the one that its name speaks of, or the first. */
function tableFor(path: string, outline: Outline): OutlineTable | undefined {
	return outline.tables.find((table) => path.includes(table.name)) ?? outline.tables[0];
}

/** What a person wants to read first. */
function shownColumns(table: OutlineTable): OutlineColumn[] {
	return table.columns.filter(({ name }) => name !== 'id' && !name.endsWith('_id')).slice(0, 3);
}

/** The column in a card, as its type is read. */
function valueOf({ name, type }: OutlineColumn): string {
	if (type === 'bool') return `\${if(${name}, 'Yes', 'No')}`;
	return type.endsWith('Timestamp') ? `{{DATE(\${${name}}, SHORT)}}` : `\${${name}}`;
}

function viewTemplate(path: string, outline: Outline): string {
	const table = tableFor(path, outline);
	if (!table) return 'SELECT t.id\nFROM my_table t\n';
	return `SELECT ${table.columns.map((column) => `t.${column.name}`).join(', ')}\nFROM ${table.name} t\n`;
}

function logicTemplate(path: string, outline: Outline): string {
	const method = outline.methods.find((one) => path === `logic/${snakeCase(one.name)}.ts`);
	if (!method) return "// Shared by handlers: import { … } from './this_file.ts'\nexport {};\n";
	const full = (name: string) => (name.includes('.') ? name : `${outline.package}.${name}`);
	return handlerTemplate({
		name: method.name,
		request: full(method.request),
		response: full(method.response)
	});
}

function pageTemplate(path: string, outline: Outline): string {
	const table = tableFor(path, outline);
	const title = titleFor(path, table, outline);
	if (!table) return page({ title, data: {}, card: card([heading(title), text('Write something here.')]) });
	return /\[\w+\]\.page\.json$/.test(path) ? detailPage(path, table) : listPage(title, table);
}

/** The first page of a module is named as the module is. */
function titleFor(path: string, table: OutlineTable | undefined, outline: Outline): string {
	if (path === 'pages/index.page.json' && outline.package !== '') return labelOf(outline.package);
	return table ? labelOf(table.name) : 'New page';
}

function listPage(title: string, table: OutlineTable): string {
	const columns = shownColumns(table);
	const rows = {
		type: 'Table',
		columns: columns.map(() => ({ width: 1 })),
		rows: [
			{
				type: 'TableRow',
				cells: columns.map((column) => cell(text(labelOf(column.name), { weight: 'Bolder' })))
			},
			{
				type: 'TableRow',
				$data: `\${${table.name}}`,
				cells: columns.map((column) => cell(text(valueOf(column))))
			}
		]
	};
	return page({
		title,
		data: { [table.name]: { view: table.name, limit: 100 } },
		card: card([heading(title), nothing(table), rows])
	});
}

function nothing(table: OutlineTable): object {
	const $when = `\${count(${table.name}) == 0}`;
	return text(`No ${labelOf(table.name).toLowerCase()} yet.`, { $when, isSubtle: true });
}

function detailPage(path: string, table: OutlineTable): string {
	const parameter = /\[(\w+)\]\.page\.json$/.exec(path)![1]!;
	const label = labelOf(snakeCase(table.message));
	const facts = shownColumns(table).map((column) => ({
		title: labelOf(column.name),
		value: valueOf(column)
	}));
	return page({
		title: label,
		data: { [table.name]: { view: table.name, where: `id = param('${parameter}')`, limit: 1 } },
		card: card([
			{ type: 'Container', $data: `\${${table.name}}`, items: [heading(label), { type: 'FactSet', facts }] }
		])
	});
}

function card(body: readonly object[]): object {
	return { type: 'AdaptiveCard', version: '1.6', body };
}

function heading(value: string): object {
	return text(value, { size: 'ExtraLarge', weight: 'Bolder', style: 'heading' });
}

function text(value: string, more: object = {}): object {
	return { type: 'TextBlock', text: value, ...more };
}

function cell(item: object): object {
	return { type: 'TableCell', items: [item] };
}

function page(content: object): string {
	return `${json(content)}\n`;
}

function json(value: object): string {
	return JSON.stringify(value, null, 2);
}
