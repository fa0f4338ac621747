export type * from './types.ts';
export { clockTable, peopleTable, platformTables, type CatalogColumn, type CatalogTable } from './catalog.ts';
export { finishView, implicitView } from './finish.ts';
export type { Probe } from './lineage.ts';
export type { NamedSelect } from './reading.ts';
export { planView, type PlanOutcome, type ViewDefinition, type ViewPlan } from './plan.ts';
export { renderProgram, renderSql, type ProgramSchemas } from './render.ts';
