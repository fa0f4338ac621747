export { default as BuilderScreen } from './BuilderScreen.svelte';
export { default as ModuleList } from './ModuleList.svelte';
