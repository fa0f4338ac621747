/** Random schemas, views and transactions, from the planner's own tests. */
export { ArbitraryCase, type Size } from '../../src/lib/engine/view/arbitrary-case.ts';
export { transactionSql, type Change, type Transaction } from '../../src/lib/engine/view/arbitrary-change.ts';
export { constructsOf } from '../../src/lib/engine/view/arbitrary-constructs.ts';
export type { Case, ModelView } from '../../src/lib/engine/view/arbitrary-model.ts';
export { catalogOf, createTables, type ModelTable } from '../../src/lib/engine/view/arbitrary-schema.ts';
export { scriptOf } from '../../src/lib/engine/view/arbitrary-script.ts';
export { querySql } from '../../src/lib/engine/view/arbitrary-syntax.ts';
