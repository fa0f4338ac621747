import { expect, test } from 'vitest';
import { parseSql, postgresDiagnostic, syntaxDiagnostic } from './parse.ts';

async function parsed(text: string) {
	const outcome = await parseSql(text);
	if (!outcome.ok) throw new Error(outcome.error.message);
	return outcome.parsed;
}

async function refused(text: string) {
	const outcome = await parseSql(text);
	if (outcome.ok) throw new Error('parsed');
	return syntaxDiagnostic('views/x.sql', text, outcome.error);
}

test('statements, with offsets in the text as JavaScript counts', async () => {
	const text = `SELECT 'é😀' AS a;\nSELECT b`;
	const sql = await parsed(text);
	expect(sql.statements).toHaveLength(2);
	const second = sql.statements[1]!.stmt!;
	const [target] = 'SelectStmt' in second ? (second.SelectStmt.targetList ?? []) : [];
	const location = target && 'ResTarget' in target ? target.ResTarget.location : undefined;
	expect(sql.offsetOf(location)).toBe(text.lastIndexOf('b'));
});

test('keywords are found outside of comments, names and literals', async () => {
	const text = `/* LIMIT */ SELECT 'LIMIT 😀', "LIMIT" FROM t -- LIMIT\nlimit 1`;
	expect((await parsed(text)).keyword('LIMIT')).toBe(text.lastIndexOf('limit'));
	expect((await parsed(text)).keyword('OFFSET')).toBeUndefined();
});

test.each([
	[`SELECT a\n FROMM x y`, 2, 8],
	[`SELECT '😀' FROMM x y`, 1, 19],
	[`SELECT a FROM t WHERE`, 1, 22],
	[`SELECT\n'abc`, 2, 1],
	[``, 1, 1],
	[` -- only this\n;`, 1, 1]
])('a syntax error has its place: %j', async (text, line, column) => {
	expect(await refused(text)).toMatchObject({
		file: 'views/x.sql',
		line,
		column,
		reason: 'SQL_SYNTAX',
		severity: 'error'
	});
});

test('so has what Postgres says later', () => {
	const found = postgresDiagnostic('views/x.sql', `SELECT '😀',\n  a + 'x'`, {
		message: 'invalid input syntax for type integer: "x"',
		position: '19',
		hint: 'Cast it.'
	});
	expect(found).toMatchObject({ line: 2, column: 7, reason: 'SQL_REFUSED', hint: 'Cast it.' });
});
