extension GossipService {
    /// How soon a seed's name is asked for again that was not known, and how often one that was.
    private static let seedRetry = Duration.seconds(5)
    private static let seedInterval = Duration.seconds(60)

    /// Names among the seeds: until each is known, and then whenever nobody is here, for it may mean another address now.
    func followSeeds() async {
        guard settings.seeds.contains(where: { SeedAddress.literal($0) == nil }) else { return }
        // A name server that is gone makes nobody forget where the others were.
        var known: [String: [PeerAddress]] = [:]
        var unknown = true
        repeat {
            if unknown || instance.membership.present.isEmpty {
                unknown = false
                for seed in settings.seeds {
                    let addresses = await SeedAddress.resolve(seed)
                    if addresses.isEmpty { unknown = true } else { known[seed] = addresses }
                }
                instance.seeds = settings.seeds.flatMap { known[$0] ?? [] }
            }
        } while (try? await ContinuousClock().sleep(for: unknown ? Self.seedRetry : Self.seedInterval)) != nil
    }
}
