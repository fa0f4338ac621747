import type { Logger } from '#kernel';
import type { Postgres } from '#platform/postgres';
import { openWalStream, type Lsn, type WalStream } from '#platform/wal';
import { Assembler, type AssemblerOptions } from './assembler.ts';
import { endOtherReader, slotName } from './slot.ts';

export interface FeedOptions extends AssemblerOptions {
	/** The server has nothing for us up to there, and no transaction is half delivered. */
	onIdle(end: Lsn): void;
	/** Called once; with the reason, unless `close` ended it. */
	onEnd(error: Error | undefined): void;
}

export interface Feed {
	/** Bytes of WAL that the server has and we have not seen. */
	lag(): bigint;
	/** All up to there is durable. */
	acknowledge(lsn: Lsn): void;
	pause(): void;
	resume(): void;
	close(): Promise<void>;
}

/**
 * Reads the instance's slot from where it was last acknowledged: a transaction that was delivered and
 * not acknowledged comes again on the next feed. The caller holds the lease. Throws WAL_START_FAILED.
 */
export async function openFeed(postgres: Postgres, log: Logger, options: FeedOptions): Promise<Feed> {
	const assembler = new Assembler(options);
	const open = () =>
		openWalStream({
			url: postgres.instance.urlAs('replication'),
			slot: slotName(postgres),
			publication: slotName(postgres),
			onMessage: (message) => assembler.add(message),
			onIdle: (end) => {
				if (!assembler.isOpen) options.onIdle(end);
			},
			onEnd: (error) => options.onEnd(error)
		});
	return describe(await takeSlot(postgres, log, open));
}

async function takeSlot(postgres: Postgres, log: Logger, open: () => Promise<WalStream>): Promise<WalStream> {
	try {
		return await open();
	} catch (error) {
		// object_in_use: the last holder of the lease, or what is left of it
		if ((error as { cause?: { code?: string } }).cause?.code !== '55006') throw error;
		log.info('ending the former reader of the slot');
		await endOtherReader(postgres);
		return open();
	}
}

function describe(stream: WalStream): Feed {
	return {
		lag: () => (stream.serverEnd > stream.received ? stream.serverEnd - stream.received : 0n),
		acknowledge: (lsn) => stream.acknowledge(lsn),
		pause: () => stream.pause(),
		resume: () => stream.resume(),
		close: () => stream.close()
	};
}
