/** Tells every event to all of `receivers`. */
export const fanOut = (receivers) => ({
    record: (event) => {
        for (const receiver of receivers)
            receiver.record(event);
    },
});
