import { AssertionError, type House, type Logger, type Room } from '#kernel';
import { rooms, type RoomEntry } from './rooms.ts';

/** All services, running. */
export interface RunningHouse extends House {
	/** Stops the services in the reverse order of their start; a failing stop doesn't keep the others. */
	stop(): Promise<void>;
}

/** Starts every room of the table in order. When one fails, those that run are stopped, and it rethrows. */
export async function startHouse(log: Logger, entries: readonly RoomEntry[] = rooms): Promise<RunningHouse> {
	const running: { room: Room<unknown>; service: unknown }[] = [];
	const house = { log, use: lookUp(running) };
	const stop = async () => {
		for (const { room, service } of running.splice(0).reverse()) {
			await room
				.stop?.(service)
				.catch((error: unknown) => log.error('a room did not stop', { room: room.name, error }));
		}
	};
	try {
		for (const entry of entries) {
			const room = await entry.load?.();
			if (!room) continue;
			const service = await room.start({ log: log.child(room.name), use: house.use });
			running.push({ room, service });
		}
	} catch (error) {
		await stop();
		throw error;
	}
	return { ...house, stop };
}

function lookUp(running: readonly { room: Room<unknown>; service: unknown }[]) {
	return <Service>(room: Room<Service>): Service => {
		const found = running.find((started) => started.room === room);
		if (!found) throw new AssertionError(`${room.name} has not started: it must come earlier in rooms.ts`);
		return found.service as Service;
	};
}
