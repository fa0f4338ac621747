export { call, CallError, type Answer, type CallOptions } from './call.ts';
