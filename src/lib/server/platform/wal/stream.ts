import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import pg from 'pg';
import { connectWithinMs, destroy, outputSettings } from '#platform/postgres';
import { Decoder } from './decoder.ts';
import { errors } from './errors.ts';
import type { Lsn } from './lsn.ts';
import type { WalMessage } from './messages.ts';
import { statusUpdate } from './status.ts';

export interface WalOptions {
	/** A connection string of a role with REPLICATION. */
	readonly url: string;
	readonly slot: string;
	readonly publication: string;
	/** Of the session, as `-c name=value`. */
	readonly settings?: string;
	/** Called in WAL order, synchronously: keep it short. An error that it throws ends the stream. */
	onMessage(message: WalMessage): void;
	/**
	 * The server has sent everything up to `end` and had nothing for us after the last message: the time
	 * to acknowledge a position past what was received, so that an idle slot does not hold WAL back.
	 */
	onIdle?(end: Lsn): void;
	/** Called once, when the stream is over; with the reason, unless `close` ended it. */
	onEnd(error: Error | undefined): void;
}

export interface WalStream {
	/** End of the last thing received. */
	readonly received: Lsn;
	/** The server's end of WAL as of its last message: `serverEnd - received` is the lag in bytes. */
	readonly serverEnd: Lsn;
	/** All up to `lsn` is durable. Sent within a tenth of a second, with a requested reply, or by `flush`. */
	acknowledge(lsn: Lsn): void;
	/** Sends what is acknowledged now. */
	flush(): void;
	/** Stops and restarts reading: the server then waits for us. */
	pause(): void;
	resume(): void;
	/** Tells the server the last acknowledgement and ends; the slot is free afterwards. */
	close(): Promise<void>;
}

/** The part of node-postgres's Connection that replication needs; its types leave it out. */
interface Connection extends EventEmitter {
	readonly stream: Socket;
	sendCopyFromChunk(chunk: Buffer): void;
	endCopyFrom(): void;
}

const tickMs = 100;
/** Silence for longer than this, and half as long again, is a connection that was cut. Both sides hold to it. */
const patience = '10s';
const startWithinMs = 20_000;

/** Starts reading a slot with pgoutput. Throws WAL_START_FAILED, with Postgres's error as the cause. */
export async function openWalStream(options: WalOptions): Promise<WalStream> {
	const client = new pg.Client({
		connectionString: options.url,
		options: `-c wal_sender_timeout=${patience} ${outputSettings} ${options.settings ?? ''}`,
		application_name: 'loam wal',
		connectionTimeoutMillis: connectWithinMs,
		keepAlive: true,
		...{ replication: 'database' }
	});
	client.on('error', () => {});
	const late = setTimeout(() => destroy(client), startWithinMs);
	try {
		await client.connect();
		const timeout = await senderTimeout(client);
		return await PgoutputStream.start(client, options, timeout);
	} catch (cause) {
		await client.end().catch(() => {});
		const message = `Reading changes could not start: ${(cause as Error).message}`;
		throw errors.WAL_START_FAILED(message, { slot: options.slot }, cause);
	} finally {
		clearTimeout(late);
	}
}

/** wal_sender_timeout in ms; 0 where the server never gives up on us. */
async function senderTimeout(client: pg.Client): Promise<number> {
	const { rows } = await client.query<{ setting: string }>(
		`SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'`
	);
	return Number(rows[0]?.setting ?? 60_000);
}

class PgoutputStream implements WalStream {
	received: Lsn = 0n;
	serverEnd: Lsn = 0n;
	#acknowledged: Lsn = 0n;
	#reported: Lsn = 0n;
	#lastReport = Date.now();
	#lastHeard = Date.now();
	#paused = false;
	#ended = false;
	readonly #client: pg.Client;
	readonly #connection: Connection;
	readonly #options: WalOptions;
	readonly #decoder = new Decoder();
	readonly #timeout: number;
	readonly #timer: NodeJS.Timeout;

	static async start(client: pg.Client, options: WalOptions, timeout: number): Promise<PgoutputStream> {
		const connection = (client as unknown as { connection: Connection }).connection;
		const started = new Promise<void>((resolve) => connection.once('replicationStart', resolve));
		const stream = new PgoutputStream(client, connection, options, timeout);
		const slot = client.escapeIdentifier(options.slot);
		const publication = client.escapeLiteral(options.publication);
		const copy = client.query(
			`START_REPLICATION SLOT ${slot} LOGICAL 0/0 (proto_version '1', publication_names ${publication}, messages 'true', origin 'none')`
		);
		try {
			await Promise.race([started, copy]);
		} catch (error) {
			stream.#finish(undefined, false);
			throw error;
		}
		copy.then(
			() => stream.#finish(errors.WAL_CONNECTION_LOST('PostgreSQL ended the stream of changes.')),
			(error: Error) => stream.#finish(error)
		);
		return stream;
	}

	constructor(client: pg.Client, connection: Connection, options: WalOptions, timeout: number) {
		this.#client = client;
		this.#connection = connection;
		this.#options = options;
		this.#timeout = timeout;
		connection.on('copyData', (message: { chunk: Buffer }) => this.#receive(message.chunk));
		client.on('end', () => this.#finish(errors.WAL_CONNECTION_LOST('The stream of changes was cut off.')));
		this.#timer = setInterval(() => this.#tick(), Math.min(tickMs, (timeout || 60_000) / 8));
	}

	acknowledge(lsn: Lsn): void {
		if (lsn > this.#acknowledged) this.#acknowledged = lsn;
	}

	flush(): void {
		if (this.#ended) return;
		this.#connection.sendCopyFromChunk(statusUpdate(this.received, this.#acknowledged));
		this.#reported = this.#acknowledged;
		this.#lastReport = Date.now();
	}

	pause(): void {
		this.#paused = true;
		this.#connection.stream.pause();
	}

	resume(): void {
		if (!this.#paused) return;
		this.#paused = false;
		this.#lastHeard = Date.now();
		this.#connection.stream.resume();
	}

	async close(): Promise<void> {
		if (!this.#ended) {
			this.resume();
			this.flush();
			const over = new Promise<void>((resolve) => this.#connection.once('readyForQuery', () => resolve()));
			this.#finish(undefined);
			this.#connection.endCopyFrom();
			await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
		}
		await this.#client.end().catch(() => {});
	}

	#receive(chunk: Buffer): void {
		if (this.#ended) return;
		this.#lastHeard = Date.now();
		try {
			if (chunk[0] === 0x77) this.#receiveData(chunk);
			else if (chunk[0] === 0x6b) this.#receiveKeepalive(chunk);
		} catch (error) {
			this.#finish(error as Error);
			this.#connection.stream.destroy();
		}
	}

	/** XLogData: start, end, time, then one pgoutput message. */
	#receiveData(chunk: Buffer): void {
		const start = chunk.readBigUInt64BE(1);
		const end = chunk.readBigUInt64BE(9);
		if (start > this.received) this.received = start;
		if (end > this.serverEnd) this.serverEnd = end;
		this.#options.onMessage(this.#decoder.decode(chunk, 25));
	}

	/** Primary keepalive: what the server has sent so far, time, whether it wants an answer. */
	#receiveKeepalive(chunk: Buffer): void {
		const end = chunk.readBigUInt64BE(1);
		if (end > this.received) this.received = end;
		if (end > this.serverEnd) this.serverEnd = end;
		this.#options.onIdle?.(end);
		if (chunk[17] === 1) this.flush();
	}

	/**
	 * Reports are cheap for the server but wake it up, so they are gathered; at 75 % of its patience it
	 * gets one even when there is nothing new. A server that says nothing for longer than its own
	 * timeout is gone, unless it is we who do not read.
	 */
	#tick(): void {
		const now = Date.now();
		const due = this.#timeout > 0 && now - this.#lastReport > this.#timeout * 0.75;
		if (this.#acknowledged > this.#reported || due) this.flush();
		if (this.#paused || this.#timeout === 0 || now - this.#lastHeard <= this.#timeout * 1.5) return;
		this.#finish(errors.WAL_CONNECTION_LOST('PostgreSQL has not been heard of for too long.'));
		this.#connection.stream.destroy();
	}

	#finish(error: Error | undefined, tell = true): void {
		if (this.#ended) return;
		this.#ended = true;
		clearInterval(this.#timer);
		if (tell) this.#options.onEnd(error);
	}
}
