export { awaitTxid } from './await-txid.ts';
export { actAs, connection, onGrants, onRelease, type ConnectionStatus } from './connection.ts';
export {
	subscribeShape,
	type LiveShape,
	type ShapeChange,
	type ShapeListener,
	type ShapeProblem,
	type ShapeStart,
	type ShapeStatus
} from './subscribe-shape.ts';
