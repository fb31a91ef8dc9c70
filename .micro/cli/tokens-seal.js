/** `tokens seal`: the command's name is promised, sealing is not built yet. Reads neither arguments nor stdin. */
export async function tokensSeal(_args, io) {
    io.err('Sealed tokens are not available in this version. Write env:NAME or file:/absolute/path instead.\n');
    return 1;
}
