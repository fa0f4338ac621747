export { awaitTxid } from './await-txid.ts';
export { actAs, connection, onGrants, onRelease, type ConnectionStatus } from './connection.ts';
export { subscribeShape } from './subscribe-shape.ts';
export type {
	LiveShape,
	ShapeChange,
	ShapeListener,
	ShapeProblem,
	ShapeStart,
	ShapeStatus,
	ShapeWindow
} from './types.ts';
