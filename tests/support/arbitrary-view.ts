/** Random supported views over three tables, and random changes to them, from the planner's own tests. */
export * from '../../src/lib/engine/view/arbitrary-view.ts';
