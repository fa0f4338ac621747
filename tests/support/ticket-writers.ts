import type { RunningLoam } from './loam.ts';

/** People at work in the shipped module Tickets, by its API. */
export interface TicketWriters {
	/** Titles of the tickets that the API has said are open. */
	readonly acknowledged: ReadonlySet<string>;
	/** Calls that ended in an error. */
	readonly failures: number;
	stop(): Promise<void>;
}

export interface Desk {
	readonly token: string;
	readonly projectId: string;
}

/** Signs in at a node, and makes the project that the tickets are of. */
export async function openDesk(node: RunningLoam): Promise<Desk> {
	const token = await node.signIn(node.admin.email, node.admin.password);
	const { id } = await node.call<{ id: string }>(
		'tickets.ProjectService/CreateProject',
		{ name: 'Chaos', code: 'CHA' },
		{ token, project: 'home/main' }
	);
	return { token, projectId: id };
}

const answerWithinMs = 20_000;

/** Opens a ticket; resolves when the API has said so. */
export async function openTicket(node: RunningLoam, desk: Desk, title: string): Promise<void> {
	const answer = await fetch(`${node.url}/tickets.Desk/OpenTicket`, {
		method: 'POST',
		headers: {
			'content-type': 'application/json',
			authorization: `Bearer ${desk.token}`,
			'loam-project': 'home/main'
		},
		body: JSON.stringify({ project_id: desk.projectId, title }),
		signal: AbortSignal.timeout(answerWithinMs)
	});
	if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

let numbers = 0;

/** One writer a node, each opening tickets one after the other until it is stopped. */
export function writeTickets(nodes: readonly RunningLoam[], desk: Desk, pauseMs = 20): TicketWriters {
	const acknowledged = new Set<string>();
	let failures = 0;
	let stopped = false;
	async function write(node: RunningLoam): Promise<void> {
		while (!stopped) {
			const title = `ticket ${++numbers}`;
			try {
				await openTicket(node, desk, title);
				acknowledged.add(title);
			} catch {
				failures++;
				await sleep(200);
			}
			await sleep(pauseMs);
		}
	}
	const writing = nodes.map(write);
	return {
		acknowledged,
		get failures() {
			return failures;
		},
		async stop() {
			stopped = true;
			await Promise.all(writing);
		}
	};
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
