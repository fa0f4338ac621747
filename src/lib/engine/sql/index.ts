export {
	parseSql,
	postgresDiagnostic,
	syntaxDiagnostic,
	type ParsedSql,
	type ParseOutcome,
	type SqlSyntaxError
} from './parse.ts';
export type * from './parse.ts';
export {
	aggregateFunctions,
	clockFunctions,
	setFunctions,
	textFunctions,
	viewFunctions,
	viewOperators,
	viewTypes,
	volatileFunctions,
	windowFunctions
} from './functions.ts';
export { guardMigration } from './guard-migration.ts';
export { guardStatement, type GuardedStatement, type GuardOutcome } from './guard-statement.ts';
export { type GuardScope } from './guard-walk.ts';
