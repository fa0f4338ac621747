import type { Json } from '#kernel';
import type { Binding, PageSpec } from '#engine/module';
import { labelOf, type ColumnSpec, type TableSpec } from '#engine/schema';
import { emptyState, labelColumn, quoted, referenceBindings, rowAddress, shown, text } from './cells.ts';
import { isMadeKey } from './list.ts';
import type { Viewer } from './viewer.ts';

/** One row with all that the viewer may read of it, and what may be done with it. */
export function detailPage(table: TableSpec, viewer: Viewer): PageSpec {
	const columns = viewer.columns(table).filter((column) => !isMadeKey(table, column));
	const label = labelColumn({ columns, key: table.key });
	const long = columns.filter((column) => column.multiline && column !== label);
	const short = columns.filter((column) => !long.includes(column) && column !== label);
	return {
		file: `generated/${table.name}/[id]`,
		route: [table.name, '[id]'],
		title: label ? `\${coalesce(item[0].${label.name}, ${quoted(table.label)})}` : table.label,
		data: { item: rowBinding(table), ...referenceBindings(columns, viewer) },
		card: {
			type: 'AdaptiveCard',
			version: '1.6',
			body: [back(table), missing(table), content({ table, viewer, label, long, short })]
		}
	};
}

/** The row whose key stands in the address. */
export function rowBinding(table: TableSpec): Binding {
	return { view: table.name, where: `${table.key[0]} = param('id')`, order: [], limit: 1, live: true };
}

export function back(table: TableSpec): Json {
	return text(`[← ${labelOf(table.name)}](${table.name})`, { size: 'small', isSubtle: true });
}

export function missing(table: TableSpec): Json {
	return emptyState(
		'${count(item) == 0}',
		`This ${table.label.toLowerCase()} isn’t here`,
		'It was deleted, or it isn’t shared with you.',
		[]
	);
}

interface Parts {
	readonly table: TableSpec;
	readonly viewer: Viewer;
	readonly label: ColumnSpec | undefined;
	readonly long: readonly ColumnSpec[];
	readonly short: readonly ColumnSpec[];
}

function content({ table, viewer, label, long, short }: Parts): Json {
	const actions = rowActions(table, viewer);
	return {
		type: 'Container',
		$data: '${item}',
		spacing: 'small',
		items: [
			text(label ? `\${${shown(label, viewer)}}` : table.label, { style: 'heading', size: 'extraLarge' }),
			{
				type: 'FactSet',
				spacing: 'medium',
				facts: short.map((column) => ({ title: column.label, value: `\${${shown(column, viewer)}}` }))
			},
			...long.flatMap((column) => [
				text(column.label, { style: 'heading', spacing: 'large', $when: `\${not(empty(${column.name}))}` }),
				text(`\${${shown(column, viewer)}}`, { spacing: 'small', $when: `\${not(empty(${column.name}))}` })
			]),
			...(actions.length > 0 ? [{ type: 'ActionSet', spacing: 'large', actions }] : [])
		]
	};
}

function rowActions(table: TableSpec, viewer: Viewer): Json[] {
	const [key] = table.key as [string];
	const [update, remove] = [viewer.method(table, 'update'), viewer.method(table, 'delete')];
	const edit: Json = {
		type: 'Action.OpenUrl',
		title: 'Edit',
		iconUrl: 'icon:build',
		url: `${rowAddress(table)}/edit`
	};
	const destroy = (verb: string): Json => ({
		type: 'Action.Execute',
		title: 'Delete',
		iconUrl: 'icon:trash',
		style: 'destructive',
		verb,
		data: { [key]: `\${${key}}` },
		confirm: `Delete this ${table.label.toLowerCase()}? This can’t be undone.`,
		then: { open: table.name, message: `${table.label} deleted` }
	});
	return [...(update ? [edit] : []), ...(remove ? [destroy(remove)] : [])];
}
