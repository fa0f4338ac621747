import type { Choice } from './arbitrary-choice.ts';
import type { ModelColumn, ModelTable } from './arbitrary-schema.ts';
import { literalOf } from './arbitrary-values.ts';

/** A row or a part of one: texts of values by column. */
export type Values = Readonly<Record<string, string | null>>;

/** One step of a transaction. */
export type Change =
	| {
			readonly kind: 'insert';
			readonly table: string;
			readonly rows: readonly Values[];
			/** What becomes of a row whose key is taken: nothing, or it is written over. */
			readonly over: boolean;
	  }
	/** `where`: equalities; none of them: every row. */
	| { readonly kind: 'update'; readonly table: string; readonly where: Values; readonly set: Values }
	| { readonly kind: 'delete'; readonly table: string; readonly where: Values }
	| { readonly kind: 'truncate'; readonly table: string }
	| { readonly kind: 'savepoint'; readonly changes: readonly Change[]; readonly kept: boolean };

export type Transaction = readonly Change[];

export function arbitraryTransaction(choice: Choice, tables: readonly ModelTable[]): Transaction {
	return choice.times(choice.between(1, 5), () => arbitraryChange(choice, tables, 2));
}

/** Rows to begin with. */
export function arbitraryRows(choice: Choice, tables: readonly ModelTable[]): Transaction {
	return tables.flatMap((table) =>
		choice.times(choice.between(0, 9), (): Change => ({
			kind: 'insert',
			table: table.name,
			rows: [arbitraryRow(choice, table)],
			over: false
		}))
	);
}

function arbitraryChange(choice: Choice, tables: readonly ModelTable[], depth: number): Change {
	const table = choice.pick(tables);
	const { name } = table;
	return choice.weighted<() => Change>(
		[
			40,
			() => ({
				kind: 'insert',
				table: name,
				rows: choice.times(choice.between(1, 3), () => arbitraryRow(choice, table)),
				over: choice.percent(25)
			})
		],
		[
			50,
			() => ({
				kind: 'update',
				table: name,
				where: arbitraryWhere(choice, table),
				set: arbitrarySet(choice, table)
			})
		],
		[25, () => ({ kind: 'delete', table: name, where: arbitraryWhere(choice, table) })],
		[2, () => ({ kind: 'truncate', table: name })],
		[
			depth > 0 ? 6 : 0,
			() => ({
				kind: 'savepoint',
				changes: choice.times(choice.between(1, 3), () => arbitraryChange(choice, tables, depth - 1)),
				kept: choice.percent(40)
			})
		]
	)();
}

function isWritten(column: ModelColumn): boolean {
	return !column.generated;
}

function arbitraryRow(choice: Choice, table: ModelTable): Values {
	return valuesFor(choice, table.columns.filter(isWritten));
}

function valuesFor(choice: Choice, columns: readonly ModelColumn[]): Values {
	return Object.fromEntries(columns.map(({ name, values }) => [name, choice.pick(values)]));
}

/** Mostly a row by its key, now and then rows by another column, rarely all. */
function arbitraryWhere(choice: Choice, table: ModelTable): Values {
	const key = table.columns.filter(({ name }) => table.key.includes(name));
	const columns = choice.weighted(
		[10, key],
		[2, choice.some(key, 50)],
		[4, [choice.pick(table.columns.filter(isWritten))]],
		[1, []]
	);
	return valuesFor(choice, columns);
}

/** A few columns at a time, the key's among them now and then. */
function arbitrarySet(choice: Choice, table: ModelTable): Values {
	const written = table.columns.filter(isWritten);
	const others = written.filter(({ name }) => !table.key.includes(name));
	const from = choice.percent(25) ? written : others;
	return valuesFor(choice, choice.shuffled(from).slice(0, choice.between(1, 3)));
}

/** Statements, one after the other, savepoints among them. `of` qualifies a table's name. */
export function transactionSql(
	transaction: Transaction,
	tables: readonly ModelTable[],
	of = (table: string) => table
): string[] {
	let savepoints = 0;
	const statements = (change: Change): string[] => {
		if (change.kind !== 'savepoint') {
			const table = tables.find(({ name }) => name === change.table)!;
			return [changeSql(change, table, of(change.table))];
		}
		const name = `s${++savepoints}`;
		const end = change.kept ? `RELEASE SAVEPOINT ${name}` : `ROLLBACK TO SAVEPOINT ${name}`;
		return [`SAVEPOINT ${name}`, ...change.changes.flatMap(statements), end];
	};
	return transaction.flatMap(statements);
}

function changeSql(change: Exclude<Change, { kind: 'savepoint' }>, table: ModelTable, name: string): string {
	const literal = (column: string, value: string | null) =>
		literalOf(table.columns.find((candidate) => candidate.name === column)!.type, value);
	const where = (values: Values) => {
		const terms = Object.entries(values).map(([column, value]) =>
			value === null ? `${column} IS NULL` : `${column} = ${literal(column, value)}`
		);
		return terms.length > 0 ? ` WHERE ${terms.join(' AND ')}` : '';
	};
	switch (change.kind) {
		case 'insert': {
			const columns = Object.keys(change.rows[0] ?? {});
			const rows = change.rows.map(
				(row) => `(${columns.map((column) => literal(column, row[column]!)).join(', ')})`
			);
			if (rows.length === 0) return 'SELECT';
			const rest = columns.filter((column) => !table.key.includes(column));
			const conflict =
				change.over && rest.length > 0
					? `(${table.key.join(', ')}) DO UPDATE SET ${rest.map((column) => `${column} = excluded.${column}`).join(', ')}`
					: 'DO NOTHING';
			return `INSERT INTO ${name} (${columns.join(', ')}) VALUES ${rows.join(', ')} ON CONFLICT ${conflict}`;
		}
		case 'update': {
			const set = Object.entries(change.set).map(
				([column, value]) => `${column} = ${literal(column, value)}`
			);
			return `UPDATE ${name} SET ${set.join(', ')}${where(change.where)}`;
		}
		case 'delete':
			return `DELETE FROM ${name}${where(change.where)}`;
		case 'truncate':
			return `TRUNCATE ${name} CASCADE`;
	}
}
