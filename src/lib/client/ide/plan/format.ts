/** `12 KB`, of 1,024 bytes each. */
export function bytesText(bytes: number): string {
	const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
	let value = bytes;
	let unit = 0;
	while (value >= 1024 && unit < units.length - 1) {
		value /= 1024;
		unit++;
	}
	return `${numberText(value)} ${value === 1 && unit === 0 ? 'byte' : units[unit]}`;
}

/** Two digits behind nothing, one behind what is under ten: `0.4`, `7.5`, `1,200`. */
export function numberText(value: number): string {
	return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** `4 ms`, `1.2 s` */
export function durationText(ms: number): string {
	return ms < 1000 ? `${numberText(ms)} ms` : `${numberText(ms / 1000)} s`;
}

/** `12 seconds ago` */
export function agoText(at: Date, now: Date): string {
	const seconds = Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000));
	const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
	if (seconds < 60) return format.format(-seconds, 'second');
	if (seconds < 3600) return format.format(-Math.round(seconds / 60), 'minute');
	if (seconds < 86_400) return format.format(-Math.round(seconds / 3600), 'hour');
	return format.format(-Math.round(seconds / 86_400), 'day');
}

/** `0.5 a second`; few are told by the minute. */
export function rateText(perSecond: number): string {
	if (perSecond === 0) return 'none';
	if (perSecond < 0.1) return `${numberText(perSecond * 60)} a minute`;
	return `${numberText(perSecond)} a second`;
}
