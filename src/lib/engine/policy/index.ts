export type { Access, AccessRule, ViewAccess } from './access-rules.ts';
export { checkFilter, parseFilter, toSql, type FilterColumn } from '#engine/filter';
export {
	commandAccess,
	readAccess,
	type AccessTable,
	type CommandAccess,
	type ReadAccess
} from './access.ts';
export { anyone, isBuiltInRole, isProjectAdmin, withImplied, type BuiltInRole } from './roles.ts';
