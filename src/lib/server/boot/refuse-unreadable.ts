import { maxHeaderSize, type Server } from 'node:http';

/**
 * Answers what Node's parser refuses before it is a request: an address and headers past the limit with 431, which
 * names it, anything else with 400.
 */
export function refuseUnreadable(server: Server): void {
	server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
		if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
		socket.end(error.code === 'HPE_HEADER_OVERFLOW' ? tooLong : unreadable);
	});
}

const tooLong = refusal(
	'431 Request Header Fields Too Large',
	`The address and the headers of a request have at most ${maxHeaderSize / 1024} KiB together.`
);
const unreadable = refusal('400 Bad Request', 'This is no HTTP request.');

function refusal(status: string, message: string): string {
	const body = JSON.stringify({ message });
	const head = [
		`HTTP/1.1 ${status}`,
		'Connection: close',
		'Content-Type: application/json; charset=utf-8',
		'Cache-Control: no-store',
		`Content-Length: ${Buffer.byteLength(body)}`
	];
	return `${head.join('\r\n')}\r\n\r\n${body}`;
}
