import type { Connection } from 'pg';
import type { PoolClient } from '#platform/postgres';

/** One statement of a batch. */
export interface Step {
	readonly text: string;
	readonly values?: readonly (string | null)[];
	/** Only asks for the types of parameters and columns: nothing is run. */
	readonly describe?: boolean;
}

export interface StepResult {
	/** Values as text, in the statement's order; of a described step none. */
	readonly rows: (string | null)[][];
	/** Of a described step. */
	readonly columns: readonly { readonly name: string; readonly type: number }[];
	/** Of a described step. */
	readonly parameterTypes: readonly number[];
}

export interface BatchLimits {
	readonly rows: number;
	/** Characters of all values. */
	readonly length: number;
}

export const tooMuch = Symbol('too much');

/**
 * Statements that go out together and come back together: one round trip, whatever their number. After the
 * first that fails none of the rest runs. Values travel as text both ways. Statements of many calls are kept
 * prepared on the connection, by their text. Resolves with the results, or with `tooMuch` where rows
 * were more than the limits let through.
 */
export function runBatch(
	client: PoolClient,
	steps: readonly Step[],
	limits: BatchLimits
): Promise<StepResult[] | typeof tooMuch> {
	return new Promise((resolve, reject) => {
		const batch = createBatch(preparedOn(client), steps, limits, (error, results) => {
			if (error) reject(error);
			else resolve(results!);
		});
		client.query(batch as never);
	});
}

/** Statements prepared on a connection: their names by text, the oldest first. */
type Prepared = Map<string, string>;

const prepared = new WeakMap<PoolClient, Prepared>();
const keptStatements = 300;
let names = 0;

function preparedOn(client: PoolClient): Prepared {
	const found = prepared.get(client);
	if (found) return found;
	const made: Prepared = new Map();
	prepared.set(client, made);
	return made;
}

type Wire = Connection & {
	readonly stream: { cork(): void; uncork(): void };
	close(message: { type: 'S'; name: string }): void;
	once(event: 'parameterDescription', listener: (message: { dataTypeIDs: number[] }) => void): void;
	off(event: 'parameterDescription', listener: (message: { dataTypeIDs: number[] }) => void): void;
};

interface MutableResult {
	rows: (string | null)[][];
	columns: { name: string; type: number }[];
	parameterTypes: number[];
}

/** What pg's client calls while it is the active query: see pg's `Submittable`. */
function createBatch(
	known: Prepared,
	steps: readonly Step[],
	limits: BatchLimits,
	done: (error: Error | undefined, results?: StepResult[] | typeof tooMuch) => void
) {
	const results: MutableResult[] = steps.map(() => ({ rows: [], columns: [], parameterTypes: [] }));
	const added: string[] = [];
	let at = 0;
	let rows = 0;
	let length = 0;
	let over = false;
	let stopListening = () => {};

	const batch = {
		/** pg wraps it to end the timer that it starts for every query. */
		callback: done,
		submit(connection: Wire) {
			const onParameters = ({ dataTypeIDs }: { dataTypeIDs: number[] }) => {
				results[at]!.parameterTypes = dataTypeIDs;
			};
			connection.once('parameterDescription', onParameters);
			stopListening = () => connection.off('parameterDescription', onParameters);
			connection.stream.cork();
			try {
				for (const step of steps) send(connection, step);
				connection.sync();
			} finally {
				connection.stream.uncork();
			}
			return null;
		},
		handleRowDescription({ fields }: { fields: { name: string; dataTypeID: number }[] }) {
			results[at]!.columns = fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
			at++;
		},
		handleDataRow({ fields }: { fields: (string | null)[] }) {
			rows++;
			for (const field of fields) length += field?.length ?? 0;
			over ||= rows > limits.rows || length > limits.length;
			if (!over) results[at]!.rows.push(fields);
		},
		handleCommandComplete() {
			at++;
		},
		handleEmptyQuery() {
			at++;
		},
		handlePortalSuspended() {},
		handleCopyInResponse(connection: Wire) {
			(connection as unknown as { sendCopyFail(reason: string): void }).sendCopyFail('no data');
		},
		handleCopyData() {},
		handleError(error: Error) {
			stopListening();
			// What was parsed of this batch is not known.
			for (const text of added) known.delete(text);
			batch.callback(error);
		},
		handleReadyForQuery() {
			stopListening();
			batch.callback(undefined, over ? tooMuch : results);
		}
	};
	return batch;

	function send(connection: Wire, { text, values = [], describe = false }: Step): void {
		if (describe) {
			connection.parse({ text, name: '', types: [] } as never, true);
			connection.describe({ type: 'S', name: '' } as never, true);
			return;
		}
		connection.bind({ statement: nameOf(connection, text), values: [...values] } as never, true);
		connection.execute({ portal: '', rows: 0 } as never, true);
	}

	function nameOf(connection: Wire, text: string): string {
		const found = known.get(text);
		if (found) return found;
		const name = `b${++names}`;
		connection.parse({ text, name, types: [] } as never, true);
		known.set(text, name);
		added.push(text);
		if (known.size > keptStatements) {
			const [oldText, oldName] = known.entries().next().value!;
			connection.close({ type: 'S', name: oldName });
			known.delete(oldText);
		}
		return name;
	}
}
