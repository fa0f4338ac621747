export type { Access, AccessRule, ViewAccess } from './access-rules.ts';
export type * from './types.ts';
export { checkFilter, parseFilter, type FilterProblem } from './parse.ts';
export { toSql, type SqlPlace, type SqlText } from './sql.ts';
export { compileFilter, matches } from './evaluate.ts';
export { combine } from './combine.ts';
export { canonical } from './canonical.ts';
export { equalities } from './equalities.ts';
export {
	commandAccess,
	readAccess,
	type AccessTable,
	type CommandAccess,
	type ReadAccess
} from './access.ts';
export { isBuiltInRole, isProjectAdmin, withImplied, type BuiltInRole } from './roles.ts';
