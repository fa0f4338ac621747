import { transactionSql } from './arbitrary-change.ts';
import type { Case } from './arbitrary-model.ts';
import { createTables } from './arbitrary-schema.ts';
import { querySql } from './arbitrary-syntax.ts';

/** A case as a script for psql: what a constraint refuses is left out there as it is in the test. */
export function scriptOf({ tables, views, rows, transactions }: Case): string {
	return [
		'\\set ON_ERROR_ROLLBACK on',
		...createTables(tables).map(statement),
		...transactionSql(rows, tables).map(statement),
		...views.map(({ name, query }) => `CREATE VIEW ${name} AS\n${querySql(query)};`),
		...transactions.flatMap((transaction) => [
			'BEGIN;',
			...transactionSql(transaction, tables).map(statement),
			'COMMIT;'
		]),
		...views.map(({ name }) => `TABLE ${name};`)
	].join('\n');
}

function statement(sql: string): string {
	return `${sql};`;
}
