import type { Change, Transaction, Values } from './arbitrary-change.ts';
import type { Case, ModelView } from './arbitrary-model.ts';
import type { ModelColumn, ModelTable } from './arbitrary-schema.ts';
import { smallerQueries } from './arbitrary-shrink-query.ts';
import { nodesOf, weightOf } from './arbitrary-tree.ts';

/** Ways to make a case smaller, in the order in which they pay. Each yields candidates, not all of them valid. */
export const shrinkings: readonly ((made: Case) => Generator<Case>)[] = [
	function* fewerViews(made) {
		for (const view of made.views) {
			const kept = withDependencies(made.views, view);
			if (kept.length < made.views.length) yield { ...made, views: kept };
		}
	},
	function* fewerTransactions(made) {
		for (const transactions of fewer(made.transactions)) yield { ...made, transactions };
	},
	function* fewerRows(made) {
		for (const rows of fewer(made.rows)) yield { ...made, rows };
	},
	function* smallerViews(made) {
		for (const [index, view] of made.views.entries()) {
			const weight = weightOf(view.query);
			for (const query of smallerQueries(view.query))
				if (weightOf(query) < weight) yield { ...made, views: made.views.with(index, { ...view, query }) };
		}
	},
	function* fewerChanges(made) {
		for (const [index, transaction] of made.transactions.entries())
			for (const changes of smallerTransactions(transaction))
				yield { ...made, transactions: made.transactions.with(index, changes) };
	},
	smallerSchemas,
	function* plainerValues(made) {
		for (const [index, change] of made.rows.entries())
			for (const plainer of plainerChanges(change, made.tables))
				yield { ...made, rows: made.rows.with(index, plainer) };
		for (const [index, transaction] of made.transactions.entries())
			for (const [at, change] of transaction.entries())
				for (const plainer of plainerChanges(change, made.tables))
					yield { ...made, transactions: made.transactions.with(index, transaction.with(at, plainer)) };
	}
];

/** A view with those that it reads. */
function withDependencies(views: readonly ModelView[], view: ModelView): ModelView[] {
	const names = new Set([view.name]);
	for (const { name, query } of views.toReversed()) {
		if (!names.has(name)) continue;
		for (const node of nodesOf(query))
			if (node.kind === 'table' && node.source === 'view') names.add(node.name);
	}
	return views.filter(({ name }) => names.has(name));
}

/** Halves first, then each without one. */
function* fewer<T>(list: readonly T[]): Generator<readonly T[]> {
	for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
		for (let at = 0; at < list.length; at += size) yield list.toSpliced(at, size);
}

function* smallerTransactions(transaction: Transaction): Generator<Transaction> {
	yield* fewer(transaction);
	for (const [index, change] of transaction.entries()) {
		if (change.kind === 'savepoint') {
			yield transaction.toSpliced(index, 1, ...change.changes);
			for (const changes of smallerTransactions(change.changes))
				if (changes.length > 0) yield transaction.with(index, { ...change, changes });
		}
		if (change.kind === 'insert')
			for (const rows of fewer(change.rows))
				if (rows.length > 0) yield transaction.with(index, { ...change, rows });
		if (change.kind === 'insert' && change.over) yield transaction.with(index, { ...change, over: false });
		if (change.kind === 'update')
			for (const name of Object.keys(change.set)) {
				const set = omit(change.set, name);
				if (Object.keys(set).length > 0) yield transaction.with(index, { ...change, set });
			}
	}
}

function omit(values: Values, name: string): Values {
	return Object.fromEntries(Object.entries(values).filter(([column]) => column !== name));
}

function* smallerSchemas(made: Case): Generator<Case> {
	for (const { name } of made.tables) if (!isUsed(made, name)) yield withoutTable(made, name);
	for (const [index, table] of made.tables.entries()) {
		const withTable = (changed: ModelTable) => ({ ...made, tables: made.tables.with(index, changed) });
		for (const at of table.references.keys())
			yield withTable({ ...table, references: table.references.toSpliced(at, 1) });
		const used = new Set([...table.key, ...table.references.flatMap(({ columns }) => columns)]);
		for (const node of nodesOf(made.views)) {
			if (node.kind === 'column') used.add(node.name);
			if (node.kind === 'join') node.using?.forEach((name) => used.add(name));
		}
		for (const { name } of table.columns)
			if (!used.has(name) && !isInGenerated(table.columns, name)) yield withoutColumn(made, index, name);
		for (const [at, column] of table.columns.entries()) {
			const { check, ...plain } = column;
			if (check) yield withTable({ ...table, columns: table.columns.with(at, plain) });
		}
	}
}

function isInGenerated(columns: readonly ModelColumn[], name: string): boolean {
	return columns.some(({ generated }) => generated?.includes(name));
}

function isUsed({ views, tables }: Case, name: string): boolean {
	return (
		tables.some(
			(table) => table.name !== name && table.references.some((reference) => reference.table === name)
		) || [...nodesOf(views)].some((node) => node.kind === 'table' && node.name === name)
	);
}

function withoutTable(made: Case, name: string): Case {
	return {
		...made,
		tables: made.tables.filter((table) => table.name !== name),
		...onAllChanges(made, (change) =>
			change.kind !== 'savepoint' && change.table === name ? undefined : change
		)
	};
}

function withoutColumn(made: Case, index: number, name: string): Case {
	const table = made.tables[index]!;
	const columns = table.columns.filter((column) => column.name !== name);
	const strip = (change: Change): Change | undefined => {
		if (change.kind === 'savepoint' || change.table !== table.name) return change;
		if (change.kind === 'insert') return { ...change, rows: change.rows.map((row) => omit(row, name)) };
		if (change.kind === 'delete') return name in change.where ? undefined : change;
		if (change.kind === 'truncate') return change;
		const set = omit(change.set, name);
		return name in change.where || Object.keys(set).length === 0 ? undefined : { ...change, set };
	};
	return { ...made, tables: made.tables.with(index, { ...table, columns }), ...onAllChanges(made, strip) };
}

function onAllChanges(
	made: Case,
	map: (change: Change) => Change | undefined
): Pick<Case, 'rows' | 'transactions'> {
	const mapAll = (changes: Transaction): Transaction =>
		changes.flatMap((change) => {
			const mapped =
				change.kind === 'savepoint' ? { ...change, changes: mapAll(change.changes) } : map(change);
			return mapped ? [mapped] : [];
		});
	return { rows: mapAll(made.rows), transactions: made.transactions.map(mapAll) };
}

/** With NULL, or the first value, for one that is neither. */
function* plainerChanges(change: Change, tables: readonly ModelTable[]): Generator<Change> {
	if (change.kind !== 'insert' && change.kind !== 'update') return;
	const table = tables.find(({ name }) => name === change.table);
	if (!table) return;
	if (change.kind === 'update') {
		for (const set of plainer(change.set, table)) yield { ...change, set };
		return;
	}
	for (const [index, row] of change.rows.entries())
		for (const made of plainer(row, table)) yield { ...change, rows: change.rows.with(index, made) };
}

function* plainer(row: Values, table: ModelTable): Generator<Values> {
	for (const [name, value] of Object.entries(row)) {
		const first = table.columns.find((column) => column.name === name)?.values[0];
		if (first === undefined || table.key.includes(name) || value === first || value === null) continue;
		yield { ...row, [name]: first };
	}
}
