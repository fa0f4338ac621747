import { constant, mapRead, type Read } from '../template/read.ts';
import { compileAction } from './actions.ts';
import { totalWeight, widthClass } from './classes.ts';
import { compileContainer } from './compile.ts';
import { isObject, objects, readWord, slot, word, type JsonObject } from './json.ts';
import type { Slot, Table, TableRow } from './types.ts';

const styles = ['default', 'emphasis', 'good', 'attention', 'warning', 'accent'] as const;

/** The first row is the head unless it is repeated, or the author says otherwise. */
export function compileTable(
	json: JsonObject
): Pick<Table, 'kind' | 'columns' | 'head' | 'rows' | 'tableClasses'> {
	const columns = objects(json['columns']);
	const total = totalWeight(columns.map((column) => column['width'] ?? 1));
	const rows = objects(json['rows']).filter((row) => row['type'] === 'TableRow' || row['type'] === undefined);
	const headed = json['firstRowAsHeaders'] !== false && rows[0] !== undefined && !('$data' in rows[0]);
	const aligned = columns.map((column) =>
		alignment(column['horizontalCellContentAlignment'] ?? json['horizontalCellContentAlignment'])
	);
	const compile = (row: JsonObject) => slot(row, compileRow(row, aligned));
	return {
		kind: 'Table',
		columns: columns.map((column) => widthClass(column['width'] ?? 1, total)),
		head: headed ? compile(rows[0]!) : undefined,
		rows: (headed ? rows.slice(1) : rows).map(compile),
		tableClasses: tableClasses(json)
	};
}

function compileRow(row: JsonObject, aligned: readonly string[]): TableRow {
	const own = alignment(row['horizontalCellContentAlignment']);
	const action = row['selectAction'];
	return {
		cells: objects(row['cells']).map((cell, at): Slot<ReturnType<typeof compileContainer>> =>
			slot(cell, compileContainer({ ...cell, spacing: 'none' }, own || aligned[at] || ''))
		),
		classes: mapRead(readWord(row['style'], styles, 'default'), (style) =>
			[style === 'default' ? '' : `ac-style-${style}`, isObject(action) ? 'ac-pressable' : '']
				.filter(Boolean)
				.join(' ')
		),
		action: isObject(action) ? compileAction(action) : undefined
	};
}

function alignment(json: unknown): string {
	const side = word(json, ['left', 'center', 'right'], 'left');
	return side === 'left' ? '' : ` ac-al-${side}`;
}

function tableClasses(json: JsonObject): Read<string> {
	const grid = json['showGridLines'] !== false ? ' ac-grid' : '';
	const fixed = objects(json['columns']).length > 0 ? ' ac-fixed' : '';
	return constant(`ac-table${grid}${fixed}`);
}
