import type { Json } from '#kernel';
import type { PageSpec } from '#engine/module';
import { labelOf, type ColumnSpec, type TableSpec } from '#engine/schema';
import {
	counted,
	emptyState,
	isNumeric,
	labelColumn,
	referenceBindings,
	rowAddress,
	shown,
	text
} from './cells.ts';
import type { Viewer } from './viewer.ts';

const mostColumns = 6;
const mostRows = 500;

/** Every row of a table, newest first where the key tells; a row opens its detail. */
export function listPage(table: TableSpec, viewer: Viewer): PageSpec {
	const columns = chosen(table, viewer);
	const create = viewer.method(table, 'create');
	const title = labelOf(table.name);
	return {
		file: `generated/${table.name}`,
		route: [table.name],
		title,
		data: {
			rows: { view: table.name, order: orderOf(table, viewer), limit: mostRows, live: true },
			...referenceBindings(columns, viewer)
		},
		card: {
			type: 'AdaptiveCard',
			version: '1.6',
			body: [head(title, table, create), rowsTable(table, columns, viewer), nothing(table, create)]
		}
	};
}

/** The columns that say most: no keys, nothing long. */
function chosen(table: TableSpec, viewer: Viewer): ColumnSpec[] {
	const readable = viewer.columns(table);
	const long = (column: ColumnSpec) => column.multiline || ['jsonb', 'bytea'].includes(column.type);
	const shownColumns = readable.filter((column) => !isMadeKey(table, column) && !long(column));
	const label = labelColumn({ columns: shownColumns, key: table.key });
	const ordered = label ? [label, ...shownColumns.filter((column) => column !== label)] : shownColumns;
	return (ordered.length > 0 ? ordered : [...readable]).slice(0, mostColumns);
}

/** A key that Loam makes says nothing to people. */
export function isMadeKey(table: TableSpec, column: ColumnSpec): boolean {
	return table.key.includes(column.name) && column.type === 'uuid';
}

/** A uuidv7 sorts by the time of making. */
function orderOf(table: TableSpec, viewer: Viewer): string[] {
	const key = viewer.columns(table).find((column) => isMadeKey(table, column));
	return key
		? [`${key.name} desc`]
		: table.key.filter((name) => viewer.columns(table).some((c) => c.name === name));
}

function head(title: string, table: TableSpec, create: string | undefined): Json {
	return {
		type: 'ColumnSet',
		columns: [
			{
				type: 'Column',
				width: 'stretch',
				verticalContentAlignment: 'center',
				items: [
					text(title, { style: 'heading', size: 'extraLarge' }),
					text(counted('rows', table, mostRows), {
						isSubtle: true,
						spacing: 'none',
						$when: '${count(rows) > 0}'
					})
				]
			},
			...(create
				? [
						{
							type: 'Column',
							$when: '${count(rows) > 0}',
							width: 'auto',
							verticalContentAlignment: 'center',
							items: [{ type: 'ActionSet', actions: [newRow(table)] }]
						}
					]
				: [])
		]
	};
}

function rowsTable(table: TableSpec, columns: readonly ColumnSpec[], viewer: Viewer): Json {
	const [key] = table.key;
	const canOpen = table.key.length === 1 && viewer.columns(table).some((column) => column.name === key);
	const label = columns[0]!;
	return {
		type: 'Table',
		$when: '${count(rows) > 0}',
		columns: columns.map((column, at) => ({
			width: at === 0 ? 2 : 1,
			...(isNumeric(column) ? { horizontalCellContentAlignment: 'right' } : {})
		})),
		rows: [
			{
				type: 'TableRow',
				cells: columns.map((column) => ({ type: 'TableCell', items: [text(column.label)] }))
			},
			{
				type: 'TableRow',
				$data: '${rows}',
				...(canOpen
					? {
							selectAction: {
								type: 'Action.OpenUrl',
								title: `Open \${${shown(label, viewer)}}`,
								url: rowAddress(table)
							}
						}
					: {}),
				cells: columns.map((column, at) => ({
					type: 'TableCell',
					items: [text(`\${${shown(column, viewer)}}`, at === 0 ? { weight: 'bolder' } : {})]
				}))
			}
		]
	};
}

function newRow(table: TableSpec): Json {
	return {
		type: 'Action.OpenUrl',
		title: `New ${table.label.toLowerCase()}`,
		iconUrl: 'icon:plus',
		style: 'positive',
		url: `${table.name}/new`
	};
}

function nothing(table: TableSpec, create: string | undefined): Json {
	return emptyState(
		'${count(rows) == 0}',
		`No ${table.label.toLowerCase()} yet`,
		create
			? 'Make the first one; it is seen by others at once.'
			: 'What others make here shows up by itself.',
		create ? [newRow(table)] : []
	);
}
