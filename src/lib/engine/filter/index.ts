export type { Filter, FilterColumn, FilterEnv, TextRow } from './types.ts';
export { checkFilter, parseFilter, type FilterOptions, type FilterProblem } from './parse-filter.ts';
export { toSql, type SqlPlace, type SqlText } from './sql.ts';
export { compileFilter, matches } from './compile.ts';
export { combine } from './combine.ts';
export { canonical } from './canonical.ts';
export { routes, type Route } from './routes.ts';
export { routeKey } from './route-key.ts';
export { columnType } from './sql-type.ts';
