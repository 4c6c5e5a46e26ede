import CAvahi
import Glibc

/// One connection to avahi-daemon: its poll thread, client, entry group, browser and resolvers.
///
/// Sendable although it holds pointers: everything of avahi's is touched either in avahi's own callbacks, which hold the
/// threaded poll's lock, or between `lock()` and `unlock()`; ``start(_:)``, ``publish(_:)`` and ``stop()`` are called on one
/// serial queue.
final class AvahiSession: @unchecked Sendable {
    enum Event: Sendable {
        /// The daemon answers.
        case running
        /// There is no daemon; should one come, the client finds out.
        case waiting
        case discovered(DiscoveryEvent)
        /// The end of this session.
        case failed(String)
    }

    /// Half of what avahi-daemon lets one client have (avahi-daemon.conf(5), `objects-per-client-max`).
    static let resolverLimit = 512
    /// As many as the daemon's cache holds records (`cache-entries-max`).
    private static let waitingLimit = 4096
    /// Other names tried before giving up.
    private static let renameLimit = 32

    private struct Place: Hashable {
        let interface: AvahiIfIndex
        let family: AvahiProtocol
        let name: String
        let domain: String
    }

    private let tell: @Sendable (Event) -> Void
    private var poll: OpaquePointer?
    private var client: OpaquePointer?
    private var group: OpaquePointer?
    private var browser: OpaquePointer?
    private var resolvers: [Place: OpaquePointer] = [:]
    private var turns: ResolverTurns<Place>
    private var announcement: ServiceAnnouncement?
    /// The announced name, perhaps with a number.
    private var name = ""
    private var renames = 0

    /// - Parameter resolverLimit: services resolved at a time; more take turns.
    init(resolverLimit: Int = AvahiSession.resolverLimit, tell: @escaping @Sendable (Event) -> Void) {
        turns = ResolverTurns(limit: resolverLimit, waitingLimit: Self.waitingLimit)
        self.tell = tell
    }

    // MARK: From outside

    func start(_ announcement: ServiceAnnouncement?) {
        self.announcement = announcement
        name = announcement?.name.cut(toUTF8: 63) ?? ""
        guard let poll = avahi_threaded_poll_new() else { return tell(.failed("out of memory")) }
        self.poll = poll
        var code: Int32 = 0
        let client = avahi_client_new(
            avahi_threaded_poll_get(poll), AVAHI_CLIENT_NO_FAIL,
            { client, state, context in
                guard let client, let context else { return }
                AvahiSession.from(context).clientChanged(client, state)
            }, Unmanaged.passUnretained(self).toOpaque(), &code)
        guard let client else { return tell(.failed(Self.text(code))) }
        self.client = client
        if avahi_threaded_poll_start(poll) < 0 { tell(.failed("its thread does not start")) }
    }

    /// Frees everything, in avahi's order: first the thread, then the client with all that belongs to it.
    func stop() {
        if let poll { avahi_threaded_poll_stop(poll) }
        for resolver in resolvers.values { avahi_service_resolver_free(resolver) }
        resolvers = [:]
        if let browser { avahi_service_browser_free(browser) }
        if let group { avahi_entry_group_free(group) }
        if let client { avahi_client_free(client) }
        if let poll { avahi_threaded_poll_free(poll) }
        (browser, group, client, poll) = (nil, nil, nil, nil)
    }

    func publish(_ announcement: ServiceAnnouncement?) {
        guard let poll else { return }
        avahi_threaded_poll_lock(poll)
        defer { avahi_threaded_poll_unlock(poll) }
        self.announcement = announcement
        name = announcement?.name.cut(toUTF8: 63) ?? ""
        renames = 0
        if let client, avahi_client_get_state(client) == AVAHI_CLIENT_S_RUNNING { register(client) }
    }

    // MARK: In callbacks

    fileprivate static func from(_ context: UnsafeMutableRawPointer) -> AvahiSession {
        Unmanaged<AvahiSession>.fromOpaque(context).takeUnretainedValue()
    }

    /// The client is passed in: the first call comes before `avahi_client_new` has returned it.
    private func clientChanged(_ client: OpaquePointer, _ state: AvahiClientState) {
        switch state {
        case AVAHI_CLIENT_S_RUNNING:
            register(client)
            browse(client)
            tell(.running)
        case AVAHI_CLIENT_S_COLLISION, AVAHI_CLIENT_S_REGISTERING:
            // The host's own name changes: services are registered again when it is settled.
            if let group { avahi_entry_group_reset(group) }
        case AVAHI_CLIENT_CONNECTING:
            tell(.waiting)
        case AVAHI_CLIENT_FAILURE:
            tell(.failed(Self.text(avahi_client_errno(client))))
        default:
            break
        }
    }

    private func register(_ client: OpaquePointer) {
        guard let announcement else {
            if let group { avahi_entry_group_reset(group) }
            return
        }
        if group == nil {
            group = avahi_entry_group_new(
                client,
                { group, state, context in
                    guard let group, let context, state == AVAHI_ENTRY_GROUP_COLLISION else { return }
                    AvahiSession.from(context).renamed(group)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
        guard let group else { return tell(.failed(Self.text(avahi_client_errno(client)))) }
        avahi_entry_group_reset(group)
        var text = AvahiText.list(announcement)
        defer { avahi_string_list_free(text) }
        while true {
            var code = avahi_entry_group_add_service_strlst(
                group, -1, -1, AvahiPublishFlags(0), name, AvahiDiscovery.serviceType, nil, nil, UInt16(clamping: announcement.port), text)
            if code == AVAHI_OK { code = avahi_entry_group_commit(group) }
            if code == AVAHI_OK { return }
            // Another node on this host has the name.
            guard code == AVAHI_ERR_COLLISION, nextName() else { return tell(.failed(Self.text(code))) }
            avahi_entry_group_reset(group)
            avahi_string_list_free(text)
            text = AvahiText.list(announcement)
        }
    }

    /// Somebody on the network has the name.
    private func renamed(_ group: OpaquePointer) {
        guard nextName(), let client = avahi_entry_group_get_client(group) else { return }
        register(client)
    }

    private func nextName() -> Bool {
        guard renames < Self.renameLimit, let other = avahi_alternative_service_name(name) else { return false }
        defer { avahi_free(other) }
        renames += 1
        name = String(cString: other)
        return true
    }

    private func browse(_ client: OpaquePointer) {
        guard browser == nil else { return }
        browser = avahi_service_browser_new(
            client, -1, -1, AvahiDiscovery.serviceType, nil, AvahiLookupFlags(0),
            { browser, interface, family, event, name, _, domain, _, context in
                guard let browser, let context, let client = avahi_service_browser_get_client(browser) else { return }
                let session = AvahiSession.from(context)
                switch event {
                case AVAHI_BROWSER_NEW, AVAHI_BROWSER_REMOVE:
                    guard let name, let domain else { return }
                    let place = Place(interface: interface, family: family, name: String(cString: name), domain: String(cString: domain))
                    if event == AVAHI_BROWSER_NEW { session.follow(session.turns.found(place), client) } else { session.forget(place, client) }
                case AVAHI_BROWSER_FAILURE:
                    session.tell(.failed(AvahiSession.text(avahi_client_errno(client))))
                default:
                    break
                }
            }, Unmanaged.passUnretained(self).toOpaque())
        if browser == nil { tell(.failed(Self.text(avahi_client_errno(client)))) }
    }

    private func follow(_ turn: ResolverTurns<Place>.Turn, _ client: OpaquePointer) {
        if let place = turn.end, let resolver = resolvers.removeValue(forKey: place) { avahi_service_resolver_free(resolver) }
        if let place = turn.begin { resolve(place, client) }
    }

    /// The resolver stays while nobody waits for its place, so that changed addresses and texts are heard of too.
    private func resolve(_ place: Place, _ client: OpaquePointer) {
        resolvers[place] = avahi_service_resolver_new(
            client, place.interface, place.family, place.name, AvahiDiscovery.serviceType, place.domain, place.family, AvahiLookupFlags(0),
            { resolver, interface, family, event, name, _, domain, _, address, port, text, _, context in
                guard let resolver, let context, let name, let domain else { return }
                let session = AvahiSession.from(context)
                let client = avahi_service_resolver_get_client(resolver)
                let place = Place(interface: interface, family: family, name: String(cString: name), domain: String(cString: domain))
                if event == AVAHI_RESOLVER_FOUND, let address, let host = AvahiSession.host(address, interface) {
                    session.tell(.discovered(.found(AvahiText.service(place.name, host: host, port: Int(port), text: text))))
                }
                if let client { session.follow(session.turns.told(place), client) }
            }, Unmanaged.passUnretained(self).toOpaque())
        // No resolver, as for want of memory in the daemon, is no place that others have to wait for.
        if resolvers[place] == nil { follow(turns.lost(place), client) }
    }

    private func forget(_ place: Place, _ client: OpaquePointer) {
        follow(turns.lost(place), client)
        if !resolvers.keys.contains(where: { $0.name == place.name }) { tell(.discovered(.lost(place.name))) }
    }

    private static func host(_ address: UnsafePointer<AvahiAddress>, _ interface: AvahiIfIndex) -> String? {
        var text = [CChar](repeating: 0, count: Int(AVAHI_ADDRESS_STR_MAX))
        guard avahi_address_snprint(&text, text.count, address) != nil else { return nil }
        let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let ip = IPAddress(host), ip.isIPv6, ip.isLinkLocal, interface > 0 else { return host }
        var zone = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(UInt32(interface), &zone) != nil else { return nil }
        return host + "%" + String(decoding: zone.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func text(_ code: Int32) -> String { avahi_strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
