/// How long the newest fragments had waited when a target had them for sure.
struct RecentDelays {
    private(set) var delays: [Duration] = []
    private var next = 0

    private static let limit = 1024

    mutating func add(_ delay: Duration) {
        if delays.count < Self.limit { delays.append(delay) } else { delays[next] = delay }
        next = (next + 1) % Self.limit
    }
}
